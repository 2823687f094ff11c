import { json, type Answer } from '../testing/https.ts'
import type { Difference, Peer } from '../testing/peer.ts'
import type { Chance } from './chance.ts'

/**
 * What became of something, as far as answers told: `unknown` when the answer that would have told it was lost, or was
 * 503. Then either is right.
 */
type Fate = 'alive' | 'over' | 'unknown'

/** A token or a grant that was acknowledged. */
export interface Issued {
  /** Introspects as the client it belongs to. */
  readonly peer: Peer
  readonly token: string
  /** In milliseconds since the epoch: from then on it is refused because it has expired. */
  readonly expires: number
  /** What it lives and dies with. */
  readonly grant: Grant
}

export interface Grant {
  fate: Fate
}

/** A code, and how often it was redeemed with success, as far as was heard. */
export interface Code {
  readonly peer: Peer
  readonly code: string
  readonly issued: number
  successes: number
  /** Of what the first redemption gave. */
  readonly grant: Grant
}

/** An assertion and a proof that were accepted together. */
export interface Used {
  /** Sends the request again with which they were accepted. */
  readonly send: (difference: Difference) => Promise<Answer>
  readonly assertion: string
  readonly proof: string
  /** In milliseconds since the epoch, of the assertion. */
  readonly at: number
}

/** What was found to be otherwise than acknowledged, in words. */
export type Violation = string

/** How much was looked at. */
export interface Checks {
  introspections: number
  redemptions: number
  replays: number
}

/** How many revocations were acknowledged, and of how many nobody knows. */
export interface Revocations {
  acknowledged: number
  unknown: number
}

/** Statements are good for a minute; beyond it a refusal would prove nothing. */
const STATEMENT_MILLISECONDS = 50_000
/** After that a code is refused because it has expired. */
const CODE_MILLISECONDS = 50_000
/** Of the tokens of earlier rounds, in each round. */
const SAMPLE = 100
const PATIENCE_MILLISECONDS = 60_000

/** Everything that was acknowledged, and how to find out whether it still holds. */
export class Ledger {
  readonly issued: Issued[] = []
  readonly codes: Code[] = []
  readonly used: Used[] = []
  readonly violations: Violation[] = []
  readonly revocations: Revocations = { acknowledged: 0, unknown: 0 }
  /** The ids of the events that refusals named. */
  readonly events: string[] = []
  readonly checks: Checks = { introspections: 0, redemptions: 0, replays: 0 }
  #checked = { issued: 0, codes: 0, used: 0 }

  /** Checks every token that was ever issued. Nothing else may go on. */
  async checkAll(sending: Sending): Promise<void> {
    await each(this.issued, (issued) => this.#checkIssued(issued, sending))
  }

  /** Checks what was acknowledged since the last time, and some of what was before. Nothing else may go on. */
  async check(sending: Sending, chance: Chance): Promise<void> {
    const issued = this.issued.slice(this.#checked.issued)
    const older = Array.from(
      { length: SAMPLE },
      () => this.issued[chance.below(this.#checked.issued)],
    ).filter((one) => one !== undefined)
    const codes = this.codes.slice(this.#checked.codes)
    await each([...issued, ...older], (one) => this.#checkIssued(one, sending))
    await each(codes, (code) => this.#checkCode(code, sending))
    await each(this.used.slice(this.#checked.used), (used) => this.#checkUsed(used, sending))
    this.#checked = {
      issued: this.issued.length,
      codes: this.codes.length,
      used: this.used.length,
    }
    // What a second redemption had to end has ended.
    const ended = new Set(codes.map(({ grant }) => grant))
    const theirs = issued.filter(({ grant }) => ended.has(grant))
    await each(theirs, (one) => this.#checkIssued(one, sending))
  }

  async #checkIssued({ peer, token, expires, grant }: Issued, sending: Sending): Promise<void> {
    const answer = await untilDecided(() => peer.introspect(token, sending()))
    this.checks.introspections += 1
    const active = answer.status === 200 ? json(answer)['active'] : undefined
    if (typeof active !== 'boolean') this.#complain(`introspection answers ${told(answer)}`)
    if (active === true && grant.fate === 'over') this.#complain('a token that is over is active')
    if (active === false && grant.fate === 'alive' && Date.now() < expires) {
      this.#complain('a token that is alive is not active')
    }
    // What was unknown is known now, and has to stay so; unless it is only the token that has expired.
    if (grant.fate === 'unknown' && Date.now() < expires) grant.fate = active ? 'alive' : 'over'
  }

  /** Redeems it until it is refused: at most one success, and one more attempt ends what it gave. */
  async #checkCode(code: Code, sending: Sending): Promise<void> {
    const inTime = Date.now() - code.issued < CODE_MILLISECONDS
    let answer: Answer
    do {
      answer = await untilDecided(() => code.peer.exchange(code.code, sending()))
      this.checks.redemptions += 1
      if (answer.status === 200) code.successes += 1
    } while (answer.status === 200 && code.successes <= 1)
    if (code.successes > 1) this.#complain('a code was redeemed twice with success')
    if (answer.status === 200) return
    this.#requireRefused(answer, { status: 400, error: 'invalid_grant' }, 'a code')
    code.grant.fate = inTime ? 'over' : 'unknown'
  }

  async #checkUsed({ send, assertion, proof, at }: Used, sending: Sending): Promise<void> {
    if (Date.now() - at > STATEMENT_MILLISECONDS) return
    const again = await untilDecided(() => send({ ...sending(), assertion }))
    this.#requireRefused(again, { status: 401, error: 'invalid_client' }, 'a used assertion')
    const proven = await untilDecided(() => send({ ...sending(), proof }))
    this.#requireRefused(proven, { status: 400, error: 'invalid_dpop_proof' }, 'a used proof')
    this.checks.replays += 2
  }

  /** Refused for a reason that is stated: under an id that `signet explain` knows. */
  #requireRefused(answer: Answer, { status, error }: Refusal, what: string): void {
    const { error: said, error_uri: place } = answer.status === status ? json(answer) : {}
    const event = typeof place === 'string' ? /[\w-]{22}$/.exec(place)?.[0] : undefined
    if (said !== error || event === undefined)
      this.#complain(`${what} is answered with ${told(answer)}`)
    else this.events.push(event)
  }

  #complain(violation: Violation): void {
    this.violations.push(violation)
  }
}

type Sending = () => Difference

interface Refusal {
  readonly status: number
  readonly error: string
}

/**
 * Repeats what nothing was decided about, until the server has recovered.
 *
 * @throws Error when it does not recover by itself, or says anything unclear
 */
export async function untilDecided(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer && answer.status !== 503) return answer
    if (Date.now() > deadline)
      throw new Error(`no recovery: ${answer ? told(answer) : 'no answer'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export function told({ status, body }: Answer): string {
  return `${status} ${body.slice(0, 200)}`
}

const AT_ONCE = 16

async function each<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    await Promise.all(items.slice(start, start + AT_ONCE).map(act))
  }
}
