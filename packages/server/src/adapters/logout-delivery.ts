import type { Clock, LogoutNotice, LogoutNotices, Random, Seconds, Store } from '@signet/engine'
import type { Logger } from 'pino'
import { FetchFailed, type FetchFailure, type Post } from './outgoing.ts'

/** How a notice ended; a label for metrics. `retried` counts the attempts that were not the last. */
export type DeliveryResult =
  | 'delivered'
  | 'retried'
  /** Too many were waiting. */
  | 'dropped'
  /** Its token would have expired on the way. */
  | 'expired'
  /** The server was shut down. */
  | 'stopped'
  | FetchFailure

export interface DeliveryPorts {
  readonly post: Post
  readonly store: Pick<Store, 'audit' | 'settled'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly ended: (result: DeliveryResult) => void
  /** Milliseconds before the second attempt, and before the third; shorter in tests. */
  readonly pauses?: readonly number[]
}

/** A notice on its way. */
interface Job {
  readonly notice: LogoutNotice
  readonly attempt: number
  readonly giveUpAt: Seconds
}

/** Attempts at once: each takes three seconds at most. */
const AT_ONCE = 16
/** Beyond it, notices are dropped: a client that does not answer must not fill our memory. */
const MOST_WAITING = 1_000
/** Nor may it take the places of others. */
const MOST_WAITING_FOR_ONE = 250
const PAUSES: readonly number[] = [1_000, 5_000]
/** A logout token lives two minutes. */
const WORTH_TRYING: Seconds = 100

/**
 * Delivers logout tokens in the background: in parallel, each with a few attempts, and with bounds to everything. What
 * cannot be delivered is on record; the user is logged out all the same.
 *
 * @see OpenID Connect Back-Channel Logout §2.5
 */
export class LogoutDelivery implements LogoutNotices {
  readonly #ports: DeliveryPorts
  readonly #waiting: Job[] = []
  readonly #pausing = new Map<NodeJS.Timeout, Job>()
  readonly #underWay = new Set<Promise<void>>()
  #stopped = false

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  send(notice: LogoutNotice): void {
    this.#enqueue({ notice, attempt: 0, giveUpAt: this.#ports.clock.now() + WORTH_TRYING })
  }

  /** Lets attempts under way end, and gives up the rest. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#pausing.keys()) clearTimeout(timer)
    const left = [...this.#pausing.values(), ...this.#waiting.splice(0)]
    this.#pausing.clear()
    for (const job of left) this.#enqueue(job)
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  #enqueue(job: Job): void {
    if (this.#stopped) {
      this.#fail(job, 'stopped', 'the server was shut down before it was delivered')
    } else if (this.#isFullFor(job)) {
      this.#fail(job, 'dropped', 'too many others were waiting to be delivered')
    } else {
      this.#waiting.push(job)
      this.#pump()
    }
  }

  #isFullFor({ notice: { clientId } }: Job): boolean {
    const ahead = [...this.#waiting, ...this.#pausing.values()]
    const ofOne = ahead.filter(({ notice }) => notice.clientId === clientId)
    return ahead.length >= MOST_WAITING || ofOne.length >= MOST_WAITING_FOR_ONE
  }

  #pump(): void {
    while (this.#underWay.size < AT_ONCE) {
      const job = this.#waiting.shift()
      if (job === undefined) return
      this.#track(this.#attempt(job))
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#underWay.delete(tracked)
      this.#pump()
    })
    this.#underWay.add(tracked)
  }

  async #attempt(job: Job): Promise<void> {
    const { post, clock, ended } = this.#ports
    const { uri, logoutToken } = job.notice
    if (clock.now() >= job.giveUpAt) return this.#fail(job, 'expired', 'no turn before it expired')
    try {
      await post(uri, { logout_token: logoutToken })
      ended('delivered')
    } catch (error) {
      const message = 'it could not be sent'
      this.#retry(
        job,
        error instanceof FetchFailed ? error : new FetchFailed('network', message, error),
      )
    }
  }

  #retry(job: Job, failure: FetchFailed): void {
    const { ended, pauses = PAUSES } = this.#ports
    const pause = pauses[job.attempt]
    if (pause === undefined || this.#stopped || !isWorthRetrying(failure)) {
      return this.#fail(job, failure.reason, `${failure.reason}: ${failure.message}`)
    }
    ended('retried')
    const timer = setTimeout(() => {
      this.#pausing.delete(timer)
      this.#enqueue({ ...job, attempt: job.attempt + 1 })
    }, pause).unref()
    this.#pausing.set(timer, job)
  }

  #fail({ notice }: Job, result: DeliveryResult, why: string): void {
    this.#ports.ended(result)
    this.#track(recordFailure(notice, why, this.#ports))
  }
}

/** What will be the same next time is not tried again: where it may not go, and what the client does not take. */
function isWorthRetrying({ reason, status = 0 }: FetchFailed): boolean {
  if (reason === 'not_https' || reason === 'private_address') return false
  return reason !== 'status' || status >= 500 || status === 429
}

async function recordFailure(
  { clientId, subject, uri }: LogoutNotice,
  received: string,
  { store, clock, random, log }: DeliveryPorts,
): Promise<void> {
  try {
    await store.audit.record({
      id: random.token(128),
      at: clock.milliseconds(),
      kind: 'failed',
      step: 'backchannel-logout',
      clientId,
      subject,
      evidence: {
        id: 'LOG-10',
        reason: 'logout_not_delivered',
        expected: `200 from ${uri.replace(/\?.*$/, '?…')}`,
        received,
        remedy:
          'See that the client answers there, that its certificate is good, and that its host may be reached (outgoing.allow_private_hosts).',
      },
    })
    await store.settled()
  } catch (error) {
    log.error({ err: error, clientId }, 'a logout that was not delivered could not be recorded')
  }
}
