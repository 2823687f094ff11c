import { setTimeout as sleep } from 'node:timers/promises'
import { json, member, type Answer } from '../testing/https.ts'
import {
  codeOf,
  granted,
  passThrough,
  Stranded,
  type Difference,
  type Peer,
} from '../testing/peer.ts'
import type { Chance } from './chance.ts'
import { told, type Code, type Grant, type Ledger, type Used } from './ledger.ts'

/** How many answers came, and how many were lost or put off. */
export interface Heard {
  acknowledged: number
  unknown: number
}

/** What clients need to put a server under load. */
export interface Load {
  readonly chance: Chance
  readonly ledger: Ledger
  readonly heard: Heard
  /** Sends to one of the processes. */
  readonly sending: () => Difference
}

/** Whoever gets no answer comes again, but not at once. */
const PAUSE_MILLISECONDS = 50

/** A client that goes through whole flows, one after the other, and writes down what it was told. */
export class LoadClient {
  readonly #peer: Peer
  readonly #load: Load
  readonly #browser: ReturnType<Peer['browser']>

  constructor(peer: Peer, load: Load) {
    this.#peer = peer
    this.#load = load
    this.#browser = peer.browser()
  }

  /** Until it is told to stop. */
  async run(goesOn: () => boolean): Promise<void> {
    const { chance, heard } = this.#load
    while (goesOn()) {
      const before = heard.unknown
      await (chance.hits(0.25) ? this.#credentials() : this.#flow())
      if (heard.unknown > before) await sleep(PAUSE_MILLISECONDS)
    }
  }

  async #credentials(): Promise<void> {
    const grant: Grant = { fate: 'alive' }
    const send = (difference: Difference): Promise<Answer> => this.#peer.credentials(difference)
    const answer = await this.#once('token', send, 200)
    if (!answer) return
    this.#issued(answer, 'access_token', grant)
    if (this.#load.chance.hits(0.3)) await this.#revoke(granted(answer).accessToken, grant)
  }

  async #flow(): Promise<void> {
    const { chance, ledger, sending } = this.#load
    const code = await this.#authorize()
    if (code === undefined) return
    const grant: Grant = { fate: 'alive' }
    const entry = { peer: this.#peer, code, issued: Date.now(), successes: 0, grant }
    if (chance.hits(0.15)) return this.#redeemTwice(entry)
    const answer = await this.#heard(() => this.#peer.exchange(code, sending()), 200)
    if (!answer) {
      // Not known whether it was redeemed: that shows when it is tried again.
      ledger.codes.push(entry)
      return
    }
    entry.successes = 1
    this.#issued(answer, 'access_token', grant)
    this.#issued(answer, 'refresh_token', grant)
    const { refreshToken = '' } = granted(answer)
    const again = await this.#heard(() => this.#peer.refresh(refreshToken, sending()), 200)
    if (again) this.#issued(again, 'access_token', grant)
    if (chance.hits(0.3)) await this.#revoke(refreshToken, grant)
    else if (chance.hits(0.4)) ledger.codes.push(entry)
  }

  /** Two who have the same code: one of them wins at most, and what it won ends. */
  async #redeemTwice(entry: Code): Promise<void> {
    const { ledger, sending } = this.#load
    const redeem = (): Promise<Answer> => this.#peer.exchange(entry.code, sending())
    const answers = await Promise.all([1, 2].map(() => this.#heard(redeem, 200, 400)))
    const lost = answers.filter((answer) => answer?.status === 400)
    for (const answer of lost) {
      if (answer && member(answer, 'error') !== 'invalid_grant') {
        ledger.violations.push(`a good request is answered with ${told(answer)}`)
      }
    }
    entry.grant.fate = lost.length > 0 ? 'over' : 'unknown'
    for (const answer of answers) {
      if (answer?.status !== 200) continue
      entry.successes += 1
      this.#issued(answer, 'access_token', entry.grant)
      this.#issued(answer, 'refresh_token', entry.grant)
    }
    ledger.codes.push(entry)
  }

  /** @returns a code, if the browser came back with one */
  async #authorize(): Promise<string | undefined> {
    const { ledger, heard } = this.#load
    const pushed = await this.#once('par', (difference) => this.#peer.push(difference), 201)
    if (!pushed) return undefined
    try {
      return codeOf(await passThrough(this.#browser, this.#peer.link(pushed)))
    } catch (error) {
      heard.unknown += 1
      if (!isPutOff(error)) ledger.violations.push(`a good request: ${String(error)}`)
      return undefined
    }
  }

  /** Ends a grant, or nobody knows whether it has ended. */
  async #revoke(token: string, grant: Grant): Promise<void> {
    const { ledger, sending } = this.#load
    grant.fate = 'unknown'
    const answer = await this.#heard(() => this.#peer.revoke(token, sending()), 200)
    if (answer) grant.fate = 'over'
    ledger.revocations[answer ? 'acknowledged' : 'unknown'] += 1
  }

  #issued(answer: Answer, name: 'access_token' | 'refresh_token', grant: Grant): void {
    const { expires_in: seconds, [name]: token } = json(answer)
    const lifetime = name === 'access_token' ? Number(seconds) - 10 : 86_400
    const expires = Date.now() + lifetime * 1_000
    this.#load.ledger.issued.push({ peer: this.#peer, token: String(token), expires, grant })
  }

  /** Sends a request, and keeps what it proves itself with when it was accepted: it is not good a second time. */
  async #once(endpoint: string, send: Used['send'], status: number): Promise<Answer | undefined> {
    const { ledger, sending } = this.#load
    const assertion = this.#peer.assertion()
    const proof = this.#peer.proof(this.#peer.endpoint(endpoint))
    const at = Date.now()
    const answer = await this.#heard(() => send({ ...sending(), assertion, proof }), status)
    if (answer) ledger.used.push({ send, assertion, proof, at })
    return answer
  }

  /** @returns the answer that was hoped for; nothing when it is not known what was done */
  async #heard(
    ask: () => Promise<Answer>,
    ...statuses: readonly number[]
  ): Promise<Answer | undefined> {
    const { heard, ledger } = this.#load
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined && statuses.includes(answer.status)) {
      heard.acknowledged += 1
      return answer
    }
    heard.unknown += 1
    if (answer?.status === 503) {
      if (answer.headers['retry-after'] === undefined) {
        ledger.violations.push('a 503 without Retry-After')
      }
    } else if (answer !== undefined) {
      ledger.violations.push(`a good request is answered with ${told(answer)}`)
    }
    return undefined
  }
}

/** The browser has lost its connection, or stands on a page that says to come again. */
function isPutOff(error: unknown): boolean {
  return error instanceof Stranded ? error.status === 503 : error instanceof TypeError
}
