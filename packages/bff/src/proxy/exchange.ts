import type { Buffer } from 'node:buffer'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readBytes } from '../http/read-body.ts'
import { answerOf } from '../oauth/outgoing.ts'
import type { Outbound } from './attempt.ts'

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

/** What an API answers. */
export interface Answer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  /** As it comes, or all of it. */
  readonly body: Readable
}

type Sending = Pick<Outbound, 'body' | 'route' | 'signal'>

/**
 * Sends an open request and waits for the head of its answer.
 *
 * @throws UpstreamFailed
 */
export async function exchange(
  request: ClientRequest,
  { body, route, signal }: Sending,
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
    // From here on silence is allowed, where nobody waits for the end: events come when they come.
    if (!route.signedResponse) request.setTimeout(0)
    incoming.once('close', () => signal.removeEventListener('abort', stop))
    return incoming
  } catch (error) {
    signal.removeEventListener('abort', stop)
    throw new UpstreamFailed(error, request.reusedSocket && isReset(error))
  }
}

/**
 * Reads what follows the head.
 *
 * @returns nothing if it is longer than so many bytes
 * @throws UpstreamFailed
 */
export async function readWhole(
  request: ClientRequest,
  incoming: IncomingMessage,
  longest: number,
): Promise<Buffer | undefined> {
  let reason: unknown
  request.once('error', (error) => (reason = error))
  try {
    return await readBytes(incoming, longest)
  } catch (error) {
    throw new UpstreamFailed(reason ?? error, false)
  }
}

function isReset(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}
