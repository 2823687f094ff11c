import type { Mark, Seconds } from '@signet/engine'
import { CLOCK_MARGIN } from '../clock-margin.ts'

/** How many marks are looked at with each that is added: the dead never outnumber the living for long. */
const LOOKS = 2

/** What one service remembers as used, in memory. */
export class Marks {
  readonly #until = new Map<string, Seconds>()
  #hand: Iterator<readonly [string, Seconds], unknown> = this.#until.entries()

  get size(): number {
    return this.#until.size
  }

  /** Adds all and answers undefined, or adds none and answers the first that is there already. */
  addAll(marks: readonly Mark[], now: Seconds): Mark | undefined {
    for (const [index, mark] of marks.entries()) {
      if (this.#isLive(mark.digest, now) || isRepeated(marks, index)) return mark
    }
    for (const { digest, until } of marks) this.add(digest, until, now)
    return undefined
  }

  add(digest: string, until: Seconds, now: Seconds): void {
    for (let look = 0; look < LOOKS; look += 1) this.#lookAtNext(now)
    this.#until.set(digest, until)
  }

  /** A mark is believed through its last second. */
  #isLive(digest: string, now: Seconds): boolean {
    const until = this.#until.get(digest)
    return until !== undefined && until >= now
  }

  #lookAtNext(now: Seconds): void {
    const next = this.#hand.next()
    if (next.done === true) {
      this.#hand = this.#until.entries()
      return
    }
    const [digest, until] = next.value
    if (until < now - CLOCK_MARGIN) this.#until.delete(digest)
  }
}

function isRepeated(marks: readonly Mark[], index: number): boolean {
  for (let earlier = 0; earlier < index; earlier += 1) {
    if (marks[earlier]?.digest === marks[index]?.digest) return true
  }
  return false
}
