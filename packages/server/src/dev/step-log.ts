import { claimedClient, type Engine } from '@signet/engine'

/** What an engine did, for people who want to look behind the scenes of their own machine. No token, code or secret. */
export interface LoggedStep {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly step: string
  /** The action of the outcome. */
  readonly outcome: string
  /** As the request claims it; absent where the step is that of a browser. */
  readonly clientId?: string
  readonly refused?: { readonly reason: string }
}

/** So many steps are remembered, the oldest are forgotten. */
const MOST = 1_000

/** The latest steps of all services of a process, in memory. */
export class StepLog {
  readonly #now: () => number
  readonly #steps: LoggedStep[] = []

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now
  }

  /** The steps since then, of this client and of browsers: those name no client. */
  since(at: number, clientId: string): readonly LoggedStep[] {
    return this.#steps.filter(
      (step) => step.at >= at && (step.clientId === undefined || step.clientId === clientId),
    )
  }

  /** An engine whose outcomes are remembered. */
  watch(engine: Engine): Engine {
    const log = <Request extends object, Outcome extends { readonly action: string }>(
      step: string,
      run: (request: Request) => Promise<Outcome>,
    ): ((request: Request) => Promise<Outcome>) => {
      return async (request) => {
        const outcome = await run(request)
        this.#add({
          at: this.#now(),
          step,
          outcome: outcome.action,
          ...clientOf(request),
          ...refusalOf(outcome),
        })
        return outcome
      }
    }
    return {
      ...engine,
      push: log('push', (request) => engine.push(request)),
      begin: log('begin', (request) => engine.begin(request)),
      interaction: log('interaction', (request) => engine.interaction(request)),
      authenticated: log('authenticated', (request) => engine.authenticated(request)),
      complete: log('complete', (request) => engine.complete(request)),
      token: log('token', (request) => engine.token(request)),
      revoke: log('revoke', (request) => engine.revoke(request)),
      endSession: log('end-session', (request) => engine.endSession(request)),
    }
  }

  #add(step: LoggedStep): void {
    this.#steps.push(step)
    if (this.#steps.length > MOST) this.#steps.shift()
  }
}

function clientOf(request: object): Pick<LoggedStep, 'clientId'> {
  if (!('body' in request) || typeof request.body !== 'string') return {}
  const clientId = claimedClient(request.body)
  return clientId === undefined ? {} : { clientId }
}

/** The code the caller was told; the rest is in the audit. */
function refusalOf(outcome: object): Pick<LoggedStep, 'refused'> {
  if (!('refusal' in outcome)) return {}
  const { refusal } = outcome
  if (typeof refusal !== 'object' || refusal === null || !('error' in refusal)) return {}
  return { refused: { reason: String(refusal.error) } }
}
