import {
  createRequestSignature,
  refusal,
  Refused,
  responseKeyid,
  verifyResponseSignature,
  type HttpRequest,
} from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Outbound } from './attempt.ts'
import { readWhole } from './exchange.ts'

/** What is longer cannot be held in memory until it is proved, in bytes. */
const LONGEST = 1_048_576

export type SentHeaders = Outbound['headers']

/**
 * The headers with which a call goes out: with a signature of its own, where the route asks for it.
 *
 * @param headers everything else, token and proof among it
 * @see FAPI 2.0 HTTP Signatures §5.3.1.1
 */
export function signed(outbound: Outbound, headers: SentHeaders): SentHeaders {
  const { core, route, body } = outbound
  const { signingKey: key, clock } = core
  if (!route.signedRequest) return headers
  if (key === undefined || body.kind !== 'whole') throw new TypeError('nothing to sign with')
  const request = messageOf(outbound, headers)
  const now = clock.now()
  return { ...headers, ...createRequestSignature({ request, body: body.bytes, key, now }) }
}

/** A call that was sent, and what came of it. */
export interface Called {
  readonly headers: SentHeaders
  readonly request: ClientRequest
  readonly incoming: IncomingMessage
}

/**
 * Reads an answer whole and proves that the API gave it to this call. Nothing of it may be used before.
 *
 * @throws Refused, UpstreamFailed
 * @see FAPI 2.0 HTTP Signatures §5.3.2.2
 */
export async function readProved(
  outbound: Outbound,
  { headers, request, incoming }: Called,
): Promise<Buffer> {
  const { core, route } = outbound
  const body = await readWhole(request, incoming, LONGEST)
  if (body === undefined) throw tooLong()
  const now = core.clock.now()
  const response = {
    status: incoming.statusCode ?? 0,
    headers: incoming.rawHeaders,
    request: messageOf(outbound, headers),
  }
  const keys = await core.apiKeys.find(route, responseKeyid(response))
  verifyResponseSignature({ response, body, keys, now })
  return body
}

function messageOf({ method, url }: Outbound, headers: SentHeaders): HttpRequest {
  const lines = Object.entries({ host: url.host, ...headers }).flatMap(([name, value]) =>
    [value].flat().flatMap((line) => [name, line]),
  )
  // A question mark without a query is not sent.
  return { method, targetUri: url.origin + url.pathname + url.search, headers: lines }
}

function tooLong(): Refused {
  return new Refused(refusal('invalid_signature', 'the answer is too long to be verified'), {
    id: 'HS-CL-05',
    reason: 'response_too_long',
    expected: `at most ${LONGEST} bytes on a route with signedResponse`,
    received: 'more',
    remedy: 'Have the API answer in pages, or take signedResponse off this route.',
  })
}
