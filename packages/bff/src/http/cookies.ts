/** All our cookies: of this host only, over TLS only, never for scripts. @see RFC 6265bis §4.1.3 */
const ALWAYS = 'Path=/; Secure; HttpOnly'

export function sessionCookie(name: string, value: string): string {
  return `${name}=${value}; ${ALWAYS}; SameSite=Strict`
}

/** Lax: the browser brings it when it comes back from the authorization server. */
export function loginCookie(name: string, value: string, seconds: number): string {
  return `${name}=${value}; ${ALWAYS}; SameSite=Lax; Max-Age=${seconds}`
}

/** Has the attributes of the cookie it ends: browsers refuse `__Host-` names without them. */
export function endedCookie(name: string): string {
  return `${name}=; ${ALWAYS}; SameSite=Strict; Max-Age=0`
}

/** RFC 6265 §5.4 puts one space between pairs. `trim` takes more: `\u00a0__Host-x` would become our name, and anybody may set it. */
const AROUND = /^[ \t]+|[ \t]+$/g

/** What the browser sent. A name that comes twice counts as not sent: one of the two is not ours. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  const twice = new Set<string>()
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).replace(AROUND, '')
    if (at === -1 || name === '') continue
    if (cookies.has(name)) twice.add(name)
    cookies.set(name, pair.slice(at + 1).replace(AROUND, ''))
  }
  for (const name of twice) cookies.delete(name)
  return cookies
}
