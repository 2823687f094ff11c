import {
  createResponseSignature,
  fieldsOf,
  UnsignableComponent,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'
import type { AnswerHeaders } from './outcome.ts'
import { pathAndQueryOf, type GuardRequest } from './request.ts'

/** An answer of the API, as it is about to be sent. */
export interface Answer {
  readonly status: number
  /** The bytes, after any content coding; empty where there are none. */
  readonly body: Uint8Array
}

export interface ResponsePorts {
  readonly now: () => Seconds
  readonly baseUrls: readonly [string, ...string[]]
  readonly key: SigningKey
}

const NOTHING: AnswerHeaders = {}
const EMPTY = new Uint8Array()

/**
 * The header fields that sign an answer and tie it to its request; none for a request that no signature can cover, because
 * its target is not ASCII.
 *
 * @see FAPI 2.0 HTTP Signatures §5.3.2.1
 */
export function signatureOf(
  request: GuardRequest,
  { status, body }: Answer,
  { now, baseUrls, key }: ResponsePorts,
): AnswerHeaders {
  const { method, headers } = request
  const targetUri = baseUrlOf(request, baseUrls) + pathAndQueryOf(request.target)
  const response = { status, headers: [], request: { method, targetUri, headers } }
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
  try {
    return createResponseSignature({ response, body: hasBody ? body : EMPTY, key, now: now() })
  } catch (error) {
    if (error instanceof UnsignableComponent) return NOTHING
    throw error
  }
}

/** Of several URLs of this server, the one whose host the client asked for: what it says may choose, and no more. */
function baseUrlOf(
  { headers }: GuardRequest,
  [first, ...others]: ResponsePorts['baseUrls'],
): string {
  const [host = ''] = fieldsOf(headers, 'host')
  return others.find((base) => new URL(base).host === host.toLowerCase()) ?? first
}
