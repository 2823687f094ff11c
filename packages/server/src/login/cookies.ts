import { createHash } from 'node:crypto'
import type { BrowserCookies } from '@signet/engine'

/** What a service keeps in a browser: who the browser is, who is logged in, and who has logged in here before. */
export interface CookieNames {
  readonly browser: string
  readonly session: string
  readonly device: string
}

/**
 * Names that differ by issuer, because browsers tell services on one host apart neither by port nor, with `__Host-`, by path.
 *
 * The prefix makes browsers refuse such a cookie from anybody but this very host over TLS.
 *
 * @see RFC 6265bis §4.1.3.2
 */
export function cookieNames(issuer: string): CookieNames {
  const tag = createHash('sha256').update(issuer).digest('hex').slice(0, 8)
  const name = (use: string): string => `__Host-signet-${tag}-${use}`
  return { browser: name('browser'), session: name('session'), device: name('device') }
}

/** Everything we ever put into a cookie; what does not look so is not from us. */
const VALUE = /^[A-Za-z0-9_.~-]{1,1024}$/

/** The value of a cookie; undefined when it is missing, sent twice, or not from us. @see RFC 6265 §5.4 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  const values = header
    .split(';')
    // Not \u00a0 and the like, which `trim` takes: with such a name anybody may set a cookie past the prefix.
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [value] = values
  return values.length === 1 && value !== undefined && VALUE.test(value) ? value : undefined
}

/** The two cookies the engine asks for. */
export function browserCookies(header: string | undefined, names: CookieNames): BrowserCookies {
  return { browser: readCookie(header, names.browser), session: readCookie(header, names.session) }
}

/** A `Set-Cookie` value. Without `maxAge` (seconds) the cookie goes when the browser closes. @see RFC 6265 §4.1 */
export function setCookie(name: string, value: string, maxAge?: number): string {
  const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'
  return `${name}=${value}; ${attributes}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`
}

export function clearCookie(name: string): string {
  return setCookie(name, '', 0)
}
