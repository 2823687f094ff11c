import { Readable } from 'node:stream'
import type { Route } from '../config/settings.ts'
import type { Core } from '../core.ts'
import type { Opening } from '../oauth/outgoing.ts'
import type { Body } from './body.ts'
import type { Credential } from './credential.ts'
import { exchange, type Answer } from './exchange.ts'
import { readProved, signed, type Called } from './signatures.ts'

/** One call to an API, as often as it is sent. */
export interface Outbound {
  readonly core: Core
  readonly route: Route
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Body
  /** Aborts when the browser has gone. */
  readonly signal: AbortSignal
}

/** The nonce the last proof for this server held, to tell whether another one is news. */
export interface Sent {
  readonly answer: Answer
  readonly nonce: string | undefined
}

/**
 * Sends a call once, with a proof and a signature of its own.
 *
 * @throws UpstreamFailed, Refused for an answer that had to be signed and is not, as it should be
 */
export async function attempt(
  outbound: Outbound,
  credential: Credential | undefined,
): Promise<Sent> {
  const { core, url, method, body } = outbound
  const nonce = credential === undefined ? undefined : core.resourceNonces.get(url)
  const proof = proven(outbound, credential)
  const headers = signed(outbound, { ...outbound.headers, ...framing(body), ...proof.headers })
  const request = core.outgoing.open(url, { method, headers, certified: proof.certified })
  const incoming = await exchange(request, outbound)
  const answer = await answerTo(outbound, { headers, request, incoming })
  core.resourceNonces.learn(url, single(incoming.headersDistinct['dpop-nonce']))
  return { answer, nonce }
}

async function answerTo(outbound: Outbound, called: Called): Promise<Answer> {
  const { statusCode = 502, headers } = called.incoming
  if (!outbound.route.signedResponse) return { statusCode, headers, body: called.incoming }
  const bytes = await readProved(outbound, called)
  return { statusCode, headers, body: Readable.from(bytes.length === 0 ? [] : [bytes]) }
}

/** What carries a token and proves that it is ours: headers, the connection, or both. */
export function proven(
  { core, url, method }: Pick<Outbound, 'core' | 'url' | 'method'>,
  credential: Credential | undefined,
): Required<Pick<Opening, 'headers' | 'certified'>> {
  if (credential === undefined) return { headers: {}, certified: false }
  const { constraint } = core
  return {
    headers: constraint.carrying({ ...credential, method, url }),
    certified: constraint.certified,
  }
}

function framing(body: Body): Readonly<Record<string, string>> {
  if (body.kind === 'whole') {
    return body.bytes === undefined ? {} : { 'content-length': String(body.bytes.length) }
  }
  return body.length === undefined
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': body.length }
}

/** @see RFC 9449 §8.1: one nonce, or none that we can use */
function single(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined
}
