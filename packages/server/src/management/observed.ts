import type { AuditEvent, Engine, RefusedOutcome, Store } from '@signet/engine'
import type { Logger } from 'pino'
import type { LineLimit } from './line-limit.ts'
import type { Metrics } from './metrics.ts'

/** An engine whose outcomes are counted under the name of its service. */
export function countedEngine(engine: Engine, service: string, metrics: Metrics): Engine {
  const counterOf = (step: string): ((outcome: string) => void) => {
    const series = new Map<string, { inc(): void }>()
    return (outcome) => {
      const known = series.get(outcome) ?? metrics.requests.labels({ service, step, outcome })
      series.set(outcome, known)
      known.inc()
    }
  }
  const count = <Request, Outcome extends { readonly action: string }>(
    step: string,
    run: (request: Request) => Promise<Outcome>,
  ): ((request: Request) => Promise<Outcome>) => {
    const countOne = counterOf(step)
    return async (request) => {
      const outcome = await run(request)
      countOne(outcome.action)
      if (isNonceChallenge(outcome)) metrics.nonceChallenges.inc()
      return outcome
    }
  }
  return {
    push: count('push', (request) => engine.push(request)),
    begin: count('begin', (request) => engine.begin(request)),
    interaction: count('interaction', (request) => engine.interaction(request)),
    authenticated: count('authenticated', (request) => engine.authenticated(request)),
    complete: count('complete', (request) => engine.complete(request)),
    token: count('token', (request) => engine.token(request)),
    userinfo: count('userinfo', (request) => engine.userinfo(request)),
    introspect: count('introspect', (request) => engine.introspect(request)),
    revoke: count('revoke', (request) => engine.revoke(request)),
    endSession: count('end-session', (request) => engine.endSession(request)),
    forgetUser: (cookies) => engine.forgetUser(cookies),
    metadata: () => engine.metadata(),
    statusList: (list) => engine.statusList(list),
    refuse: (refused, context) => {
      counterOf(context.step)('refused')
      return engine.refuse(refused, context)
    },
  }
}

function isNonceChallenge(outcome: { readonly action: string }): boolean {
  if (outcome.action !== 'refused') return false
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a RefusedOutcome has this action
  return (outcome as RefusedOutcome).refusal.error === 'use_dpop_nonce'
}

export interface Observers {
  readonly metrics: Metrics
  readonly log: Logger
  /** Of the lines that anybody can cause. */
  readonly limit: LineLimit
}

/** A store that tells of what is refused and of what came twice. */
export function observedStore(store: Store, observers: Observers): Store {
  return {
    ...store,
    replay: {
      first: async (marks) => {
        const seen = await store.replay.first(marks)
        if (seen !== undefined) observers.metrics.replays.inc()
        return seen
      },
    },
    audit: {
      find: (id) => store.audit.find(id),
      chain: (stream) => store.audit.chain(stream),
      read: (page) => store.audit.read(page),
      record: (event) => {
        tellOf(event, observers)
        return store.audit.record(event)
      },
    },
  }
}

function tellOf(event: AuditEvent, { metrics, log, limit }: Observers): void {
  const { id: eventId, kind, step, clientId, subject, refusal, evidence } = event
  const { reason } = evidence ?? {}
  if (kind === 'refused' && reason !== undefined) metrics.refusals.inc({ step, reason })
  if (event.unauthenticated === true && !limit()) return
  log.info({ eventId, step, clientId, subject, error: refusal?.error, reason }, kind)
}
