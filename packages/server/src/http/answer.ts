/** A complete HTTP answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

export type Headers = Readonly<Record<string, string | string[]>>

const NEVER_STORED: Headers = { 'cache-control': 'no-store', pragma: 'no-cache' }

const JSON_HEADERS: Headers = { 'content-type': 'application/json', ...NEVER_STORED }

/** An answer to a client. @see RFC 6749 §5.1 */
export function json(status: number, body: object, headers?: Headers): Answer {
  return {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(body),
  }
}

/** An answer to a client that is a JWT and nothing else. */
export function jwt(body: string, headers?: Headers): Answer {
  return {
    status: 200,
    headers: { ...NEVER_STORED, 'content-type': 'application/jwt', ...headers },
    body,
  }
}

export function empty(status: number, headers?: Headers): Answer {
  return { status, headers: { ...NEVER_STORED, ...headers }, body: '' }
}

/** Something anybody may read, from any page, and keep for `maxAge` seconds. @see RFC 8414 §3.2 */
export function published(contentType: string, body: string, maxAge: number): Answer {
  return {
    status: 200,
    headers: {
      'content-type': contentType,
      'cache-control': `public, max-age=${maxAge}`,
      'access-control-allow-origin': '*',
    },
    body,
  }
}

/**
 * The one redirect there is: the browser follows it with GET, so that no form it posted is posted on.
 *
 * @see FAPI 2.0 Security Profile §5.3.2.2-10 and -11, RFC 9700 §4.12
 */
export function seeOther(location: string, cookies: string[] = []): Answer {
  return {
    status: 303,
    headers: {
      ...NEVER_STORED,
      location,
      'referrer-policy': 'no-referrer',
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: '',
  }
}

export interface PageOptions {
  readonly status?: number
  readonly headers?: Headers
  readonly cookies?: string[]
  /** Where the redirects after a form of this page may end, beside ourselves: see `formTarget`. */
  readonly formTargets?: readonly string[]
  /** The source expression of the one script it may run; absent: none. */
  readonly script?: string
}

/** A page for a person: no script but the one named, no frame around it, nothing from elsewhere, and no trace in a cache or a Referer. */
export function page(html: string, options: PageOptions = {}): Answer {
  const { status = 200, headers, cookies = [] } = options
  return {
    status,
    headers: {
      ...NEVER_STORED,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy(options),
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
      ...headers,
    },
    body: html,
  }
}

/** @see Content Security Policy Level 3 */
function policy({ formTargets = [], script }: PageOptions): string {
  return [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src ${script}`]),
    "style-src 'self'",
    "img-src 'self'",
    ["form-action 'self'", ...formTargets].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/**
 * The source expression for the origin of a URL that a form leads to. Chromium enforces `form-action` on every redirect
 * that follows a form, so the page that asks for consent must name the client's origin.
 *
 * The grammar of the policy has no IPv6 addresses; there the scheme stands for the origin.
 */
export function formTarget(url: string | undefined): readonly string[] {
  const parsed = url === undefined ? undefined : URL.parse(url)
  if (parsed === undefined || parsed === null || !/^https?:$/.test(parsed.protocol)) return []
  if (parsed.hostname.startsWith('[')) return [parsed.protocol]
  // The name of a host may hold a semicolon, which would begin a directive of somebody else's.
  return /^[a-z\d.-]+$/.test(parsed.hostname) ? [parsed.origin] : []
}
