import { setTimeout as sleep } from 'node:timers/promises'
import { json, type Answer } from '../testing/https.ts'
import { codeOf, granted, passThrough, type Difference, type Peer } from '../testing/peer.ts'
import type { Chance } from './chance.ts'
import { told, type Grant, type Ledger } from './ledger.ts'

/** How many answers came, and how many were lost or put off. */
export interface Heard {
  acknowledged: number
  refused: number
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
    const answer = await this.#heard(200, () => this.#peer.credentials(this.#load.sending()))
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
    const answer = await this.#heard(200, () => this.#peer.exchange(code, sending()))
    if (!answer) {
      // Not known whether it was redeemed: that shows when it is tried again.
      ledger.codes.push(entry)
      return
    }
    entry.successes = 1
    this.#issued(answer, 'access_token', grant)
    this.#issued(answer, 'refresh_token', grant)
    const { refreshToken = '' } = granted(answer)
    const again = await this.#heard(200, () => this.#peer.refresh(refreshToken, sending()))
    if (again) this.#issued(again, 'access_token', grant)
    if (chance.hits(0.3)) await this.#revoke(refreshToken, grant)
    else if (chance.hits(0.4)) ledger.codes.push(entry)
  }

  /** @returns a code, if the browser came back with one */
  async #authorize(): Promise<string | undefined> {
    const { ledger, sending, heard } = this.#load
    const used = {
      peer: this.#peer,
      assertion: this.#peer.assertion(),
      proof: this.#peer.proof(this.#peer.endpoint('par')),
      at: Date.now(),
    }
    const pushed = await this.#heard(201, () => this.#peer.push({ ...sending(), ...used }))
    if (!pushed) return undefined
    ledger.used.push(used)
    try {
      return codeOf(await passThrough(this.#browser, this.#peer.link(pushed)))
    } catch {
      // The browser stands on a page that says to come again, or has lost its connection.
      heard.unknown += 1
      return undefined
    }
  }

  /** Ends a grant, or nobody knows whether it has ended. */
  async #revoke(token: string, grant: Grant): Promise<void> {
    grant.fate = 'unknown'
    const answer = await this.#heard(200, () => this.#peer.revoke(token, this.#load.sending()))
    if (answer) grant.fate = 'over'
  }

  #issued(answer: Answer, name: 'access_token' | 'refresh_token', grant: Grant): void {
    const { expires_in: seconds, [name]: token } = json(answer)
    const lifetime = name === 'access_token' ? Number(seconds) - 10 : 86_400
    const expires = Date.now() + lifetime * 1_000
    this.#load.ledger.issued.push({ peer: this.#peer, token: String(token), expires, grant })
  }

  /** @returns the answer that was hoped for; nothing when it is not known what was done */
  async #heard(status: number, ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const { heard, ledger } = this.#load
    const answer = await ask().catch(() => undefined)
    if (answer === undefined) heard.unknown += 1
    else if (answer.status === status) heard.acknowledged += 1
    else if (answer.status === 503) {
      heard.unknown += 1
      if (answer.headers['retry-after'] === undefined) {
        ledger.violations.push('a 503 without Retry-After')
      }
    } else {
      heard.refused += 1
      ledger.violations.push(`a good request is answered with ${told(answer)}`)
    }
    return answer?.status === status ? answer : undefined
  }
}
