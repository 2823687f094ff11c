import type { IncomingHttpHeaders } from 'node:http'
import type { Route } from '../config/settings.ts'

/**
 * What passes from a browser to an API. Everything else stays here: cookies, credentials, hop-by-hop headers, and whatever
 * a proxy or an API might believe about who calls (`X-Forwarded-*`, `X-Remote-User`, certificates, …).
 */
const PASSING_REQUEST = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'pragma',
  'prefer',
  'range',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-fapi-interaction-id',
  'x-idempotency-key',
  'x-request-id',
])

/**
 * What stays here of an answer. What else an API tells the app, only the two of them know; but it has no say over the origin of
 * the app: not over its cookies, its storage, its sessions, its transport, what browsers report or send of their own accord,
 * nor over who may read what. Challenges are for us.
 */
const STAYING_RESPONSE = new Set([
  'accept-ch',
  'activate-storage-access',
  'alt-svc',
  'clear-site-data',
  'connection',
  'content-length',
  'content-security-policy',
  'critical-ch',
  'dpop-nonce',
  'keep-alive',
  'location',
  'nel',
  'origin-trial',
  'proxy-authenticate',
  'proxy-connection',
  'public-key-pins',
  'referrer-policy',
  'refresh',
  'reporting-endpoints',
  'report-to',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'set-login',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'use-as-dictionary',
  'www-authenticate',
  'x-content-type-options',
  'x-powered-by',
])
const STAYING_FAMILIES =
  /^(?:access-control|attribution-reporting|cross-origin|sec|secure-session)-/

type Passing = Record<string, string | string[]>

export function requestHeaders(incoming: IncomingHttpHeaders, route: Route): Passing {
  const passing: Passing = {}
  for (const [name, value] of Object.entries(incoming)) {
    const passes = PASSING_REQUEST.has(name) || route.requestHeaders.has(name)
    if (passes && value !== undefined) passing[name] = value
  }
  // What is signed are the bytes on the wire: whoever compresses them on the way breaks it.
  if (route.signedResponse) passing['accept-encoding'] = 'identity'
  return passing
}

/** @param frontendUrl maps what the API calls its own to what the browser knows, if it is on this route */
export function responseHeaders(
  incoming: IncomingHttpHeaders,
  route: Route,
  frontendUrl: (location: string) => string | undefined,
): Passing {
  const passing: Passing = {}
  const hops = listed(incoming.connection)
  for (const [name, value] of Object.entries(incoming)) {
    const stays = STAYING_RESPONSE.has(name) || STAYING_FAMILIES.test(name) || hops.has(name)
    if (!stays && value !== undefined) passing[name] = value
  }
  const length = incoming['content-length']
  if (length !== undefined) passing['content-length'] = length
  const location = incoming.location === undefined ? undefined : frontendUrl(incoming.location)
  if (location !== undefined) passing['location'] = location
  passing['cache-control'] = cachePolicy(incoming['cache-control'], route)
  return passing
}

/** What was fetched with somebody's token is for nobody else, whatever the API thinks. */
function cachePolicy(policy: string | undefined, { token }: Route): string {
  if (policy === undefined) return 'no-store'
  return token === 'none' || /\b(?:no-store|private)\b/i.test(policy) ? policy : 'no-store'
}

function listed(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
}
