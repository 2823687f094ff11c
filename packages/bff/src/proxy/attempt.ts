import type { ClientRequest, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Route } from '../config/settings.ts'
import type { Core } from '../core.ts'
import { answerOf, type Opening } from '../oauth/outgoing.ts'
import type { Body } from './body.ts'
import type { Credential } from './credential.ts'

/** The API did not answer. */
export class UpstreamFailed extends Error {
  override readonly name = 'UpstreamFailed'
  readonly kind: 'unavailable' | 'timeout'
  /** Whether a kept connection turned out to be closed: the API has seen nothing, as far as we can know. */
  readonly stale: boolean

  constructor(error: unknown, stale: boolean) {
    super(error instanceof Error ? error.message : 'unknown', { cause: error })
    this.kind = error instanceof Silence ? 'timeout' : 'unavailable'
    this.stale = stale
  }
}

class Silence extends Error {
  constructor() {
    super('the API was silent for too long')
  }
}

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
  readonly incoming: IncomingMessage
  readonly nonce: string | undefined
}

/**
 * Sends a call once, with a proof of its own.
 *
 * @throws UpstreamFailed
 */
export async function attempt(
  outbound: Outbound,
  credential: Credential | undefined,
): Promise<Sent> {
  const { core, url, method, body } = outbound
  const nonce = credential === undefined ? undefined : core.resourceNonces.get(url)
  const proof = proven(outbound, credential)
  const request = core.outgoing.open(url, {
    method,
    headers: { ...outbound.headers, ...framing(body), ...proof.headers },
    certified: proof.certified,
  })
  const incoming = await exchange(request, outbound)
  core.resourceNonces.learn(url, single(incoming.headersDistinct['dpop-nonce']))
  return { incoming, nonce }
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

async function exchange(
  request: ClientRequest,
  { body, route, signal }: Outbound,
): Promise<IncomingMessage> {
  const stop = (): void => void request.destroy()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  request.setTimeout(route.timeout * 1_000, () => request.destroy(new Silence()))
  const answer = answerOf(request)
  if (body.kind === 'whole') request.end(body.bytes)
  // A failure shows as the failure of the answer; an API may also answer before it has read everything.
  else pipeline(Readable.from(body.chunks), request).catch(() => undefined)
  try {
    const incoming = await answer
    if (Number(incoming.statusCode) < 200) {
      incoming.destroy()
      throw new Error('the API answers with a status that is not final')
    }
    // From here on silence is allowed: events come when they come.
    request.setTimeout(0)
    incoming.once('close', () => signal.removeEventListener('abort', stop))
    return incoming
  } catch (error) {
    signal.removeEventListener('abort', stop)
    throw new UpstreamFailed(error, request.reusedSocket && isReset(error))
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

function isReset(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** @see RFC 9449 §8.1: one nonce, or none that we can use */
function single(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined
}
