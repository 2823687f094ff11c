import type { IncomingHttpHeaders } from 'node:http'
import type { Frontend } from '../config/settings.ts'
import type { CsrfRejection } from '../events.ts'

/**
 * Whether a call can only have come from a script of this frontend. `X-CSRF` makes browsers ask first (preflight) when
 * another origin calls, and nobody is ever told yes.
 *
 * @see RFC 10017 §6.1.3.3
 */
export function csrfRejection(
  headers: IncomingHttpHeaders,
  frontend: Frontend,
): CsrfRejection | undefined {
  if (headers['x-csrf'] !== '1') return 'header_missing'
  return foreignCaller(headers, frontend)
}

/** What the browser itself says about the caller, whoever that is. */
export function foreignCaller(
  { origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  frontend: Frontend,
): CsrfRejection | undefined {
  if (site !== undefined && site !== 'same-origin') return 'cross_site'
  if (origin !== undefined && origin !== frontend.origin) return 'foreign_origin'
  return undefined
}

/** An `EventSource` cannot send `X-CSRF`; the browser must vouch for it. It reads and changes nothing. */
export function isOwnEventSource(method: string, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'GET' &&
    headers['sec-fetch-site'] === 'same-origin' &&
    headers.accept === 'text/event-stream'
  )
}

/**
 * Whether a login may start here: by the user's own doing in this app or in the address bar, by a navigation of the whole
 * page. Everybody else, a link of another site among them, must ask the user first.
 *
 * @see FAPI 2.0 Security Profile §5.3.3.1-12
 */
export function isOwnNavigation(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return (
    (site === 'same-origin' || site === 'none') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  )
}
