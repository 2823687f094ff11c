/** What a URI may be written with, from scheme to path. @see RFC 3986 appendix A */
const ABSOLUTE =
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9._~%!$&'()*+,;=:@[\]-][A-Za-z0-9._~%!$&'()*+,;=:@[\]/-]*$/
const ESCAPED = /%[0-9A-Fa-f]{2}/g
const UNRESERVED = /[A-Za-z0-9._~-]/

/**
 * Whether a proof is meant for this endpoint: query and fragment do not count, nor does what RFC 3986
 * holds for another spelling of the same (case of scheme and host, default port, percent-encoding of
 * unreserved characters, dot segments).
 *
 * @see RFC 9449 §4.3-9, RFC 3986 §6.2.2 and §6.2.3
 */
export function sameTarget(htu: string, url: string): boolean {
  if (htu === url) return true
  const asked = normalTarget(htu)
  return asked !== undefined && asked === normalTarget(url)
}

function normalTarget(uri: string): string | undefined {
  const target = withoutQuery(uri)
  if (!ABSOLUTE.test(target)) return undefined
  const url = URL.parse(target)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  return url.origin + url.pathname.replace(ESCAPED, normalEscape)
}

/** A target as far as it may be told: its query could hold a secret. */
export function withoutQuery(uri: string): string {
  const end = uri.search(/[?#]/)
  return end === -1 ? uri : uri.slice(0, end)
}

function normalEscape(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  return UNRESERVED.test(character) ? character : escaped.toUpperCase()
}
