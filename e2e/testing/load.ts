import { setTimeout as pause } from 'node:timers/promises'
import { codeOf, granted, passThrough, type Peer } from './peer.ts'
import { isUnreached, type Answer } from './https.ts'

/** What went wrong when nobody listens any more. */
export const UNREACHED = 'nobody listens'

/** What many who ask at the same time have been told. */
export class Load {
  /** How many were answered as they should be. */
  answered = 0
  /** What went wrong, in words. */
  readonly failures: string[] = []
  /** How often a connection that was kept was said to end. */
  ended = 0
  #isOver = false
  readonly #loops: Promise<void>[] = []

  /** Does something again and again, until nobody listens any more. */
  repeat(times: number, act: () => Promise<void>): this {
    for (let loop = 0; loop < times; loop += 1) this.#loops.push(this.#loop(act))
    return this
  }

  /** Asks for tokens, on connections that are kept or on new ones. */
  tokens(client: Peer, { times, keep }: { readonly times: number; readonly keep: boolean }): this {
    const headers = keep ? {} : { connection: 'close' }
    return this.repeat(times, async () => {
      const answer = await client.credentials({ headers })
      this.#notice(answer, keep)
      granted(answer)
    })
  }

  /** Goes through whole flows: a login each. */
  flows(client: Peer, times: number): this {
    return this.repeat(times, async () => {
      const pushed = await client.push()
      const code = codeOf(await passThrough(client.browser(), client.link(pushed)))
      const { accessToken, refreshToken = '' } = granted(await client.exchange(code))
      granted(await client.refresh(refreshToken))
      const { status } = await client.userinfo(accessToken)
      if (status !== 200) throw new Error(`userinfo ${status}`)
    })
  }

  /** Lets so many more be answered, whatever goes wrong. */
  async more(count: number): Promise<void> {
    const enough = this.answered + count
    const giveUp = AbortSignal.timeout(60_000)
    while (this.answered < enough) {
      giveUp.throwIfAborted()
      await pause(10)
    }
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  #notice({ headers }: Answer, keep: boolean): void {
    if (keep && headers.connection === 'close') this.ended += 1
  }

  async #loop(act: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      try {
        await act()
        this.answered += 1
      } catch (error) {
        this.failures.push(wordsOf(error))
        if (isUnreached(error)) return
      }
    }
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const words = isUnreached(error) ? UNREACHED : error.message
  return cause === undefined ? words : `${words}: ${wordsOf(cause)}`
}
