import { StoreUnavailable, type RefusedOutcome } from '@signet/engine'
import { languageOf, siteOf } from '../login/visitor.ts'
import { errorBody } from '../oauth/answers.ts'
import { errorPage } from '../pages/error.ts'
import type { ErrorKind } from '../pages/texts.ts'
import { json, page, type Answer, type Headers } from './answer.ts'
import { BodyNotUtf8, BodyTooLarge } from './body.ts'
import { notText, tooLarge, type TransportRefusal } from './refusals.ts'
import type { Served } from './served.ts'

/** A refusal on its way out of a handler. */
export class RefusedByTransport extends Error {
  readonly refusal: TransportRefusal

  constructor(refusal: TransportRefusal) {
    super(refusal.refused.message)
    this.name = 'RefusedByTransport'
    this.refusal = refusal
  }
}

/** A request that gets no answer from a step, and who reads the answer. */
export interface Unanswered {
  readonly step: string
  /** A person: gets a page. */
  readonly person: boolean
  readonly acceptLanguage: string | undefined
}

/** What one service answers where no step does. */
export interface Surface {
  refuse(refusal: TransportRefusal, about: Unanswered): Promise<Answer>
  /** For everything thrown; what is neither a refusal nor an outage is a bug of ours. */
  fail(error: unknown, about: Unanswered): Promise<Answer>
}

export function createSurface(served: Served): Surface {
  const { engine, service } = served
  const refuse: Surface['refuse'] = async ({ status, headers = {}, refused }, about) => {
    const outcome = await engine.refuse(refused, { step: about.step })
    if (!about.person) return json(status, errorBody(outcome, service.endpoints.errors), headers)
    const kind = status === 404 ? 'not-found' : 'request'
    const detail = status === 404 ? undefined : outcome.refusal.description
    return sorry({ status, kind, eventId: outcome.eventId, detail, headers }, about, served)
  }

  return {
    refuse,
    fail: async (error, about) => {
      const refusal = refusalFor(error)
      try {
        if (refusal !== undefined) return await refuse(refusal, about)
      } catch (worse) {
        return failed(worse, about, served)
      }
      return failed(error, about, served)
    },
  }
}

function refusalFor(error: unknown): TransportRefusal | undefined {
  if (error instanceof RefusedByTransport) return error.refusal
  if (error instanceof BodyTooLarge) return tooLarge()
  if (error instanceof BodyNotUtf8) return notText()
  return undefined
}

function failed(error: unknown, about: Unanswered, served: Served): Answer | Promise<Answer> {
  return error instanceof StoreUnavailable
    ? unavailable(error, about, served)
    : broken(error, about, served)
}

/** The store is away: nothing was decided, and the same request may come again. */
function unavailable(error: StoreUnavailable, about: Unanswered, served: Served): Answer {
  const { log, failures } = served
  if (failures()) log.error({ err: error, step: about.step }, 'the store is unavailable')
  const headers = { 'retry-after': String(error.retryAfter) }
  if (about.person) return sorry({ status: 503, kind: 'busy', headers }, about, served)
  const body = {
    error: 'temporarily_unavailable',
    error_description: 'the server cannot decide now, try again',
  }
  return json(503, body, headers)
}

/** A bug: the caller, who may be anybody, learns under which id we find it, and nothing else. */
async function broken(error: unknown, about: Unanswered, served: Served): Promise<Answer> {
  const { service, random, clock, store, log, failures } = served
  const eventId = random.token(128)
  const isLogged = failures()
  if (isLogged)
    log.error({ err: error, step: about.step, eventId, issuer: service.issuer }, 'a request failed')
  const event = {
    id: eventId,
    at: clock.milliseconds(),
    kind: 'failed',
    step: about.step,
    unauthenticated: true,
  } as const
  await store.audit.record(event).catch((worse: unknown) => {
    if (isLogged) log.error({ err: worse, eventId }, 'the failure could not be recorded')
  })
  if (about.person) return sorry({ status: 500, kind: 'server', eventId }, about, served)
  const refusal = { error: 'server_error', description: 'the server failed' } as const
  const outcome: RefusedOutcome = { action: 'refused', refusal, eventId }
  return json(500, errorBody(outcome, service.endpoints.errors))
}

interface Apology {
  readonly status: number
  readonly kind: ErrorKind
  readonly eventId?: string
  readonly detail?: string | undefined
  readonly headers?: Headers
}

function sorry(
  { status, headers = {}, ...told }: Apology,
  about: Unanswered,
  { service }: Served,
): Answer {
  const html = errorPage({ ...siteOf(service), ...told }, languageOf(about))
  return page(html, { status, headers })
}
