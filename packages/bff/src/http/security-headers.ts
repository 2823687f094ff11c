export type Headers = Readonly<Record<string, string>>

/** On every answer. @see FAPI 2.0 Security Profile §5.2.3-1 */
const ALWAYS: Headers = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** For the answers of APIs and of our own endpoints: whoever opens one as a page sees data, not a page. */
export const DATA_HEADERS: Headers = {
  ...ALWAYS,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
}

/** For the few pages of the BFF itself. */
export const PAGE_HEADERS: Headers = {
  ...ALWAYS,
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** For the files of the app. @see RFC 10017 §6.1 */
export function appHeaders(contentSecurityPolicy: string): Headers {
  return {
    ...ALWAYS,
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  }
}
