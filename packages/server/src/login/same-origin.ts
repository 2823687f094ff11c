import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a form was posted from one of our own pages, as far as the browser tells. Where it tells nothing, the cookies
 * decide alone: they are `SameSite=Lax`, so that no other site can post with them.
 *
 * Our pages have the policy `no-referrer`, with which browsers say `Origin: null` even to ourselves; so the origin counts
 * only where `Sec-Fetch-Site` is missing, and `null` says nothing.
 *
 * @see Fetch Metadata Request Headers §2.3; Fetch §3.2
 */
export function isSameOrigin(headers: IncomingHttpHeaders, origin: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headers.origin === undefined || headers.origin === 'null' || headers.origin === origin
}
