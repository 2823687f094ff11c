import type { Seconds } from '@signet/protocol'

/** A proof that was used: its digest, and until when it would be believed again. */
export interface Mark {
  readonly digest: string
  readonly until: Seconds
}

/**
 * Remembers what may be used once. Every process that answers for one API must share one store; that in memory is for an
 * API that runs in one process. A store that cannot tell must reject: the request is then refused.
 */
export interface Replay {
  /** Marks all, or none; answers the first that was marked before, or undefined when all were new. Atomic. */
  first(marks: readonly Mark[]): Promise<Mark | undefined>
}

/** How many old marks one new mark looks at: with two, the dead never outnumber the living for long. */
const LOOKS = 2

/** Marks that live as long as the process. */
export function replayInMemory(now: () => Seconds): Replay & { readonly size: number } {
  const marked = new Map<string, Seconds>()
  let hand = marked.entries()
  /** Until when those that are forgotten would have counted: a clock that is set back makes none of them new. */
  let forgotten = Number.NEGATIVE_INFINITY

  const lookAtNext = (time: Seconds): void => {
    const next = hand.next()
    if (next.done === true) hand = marked.entries()
    else if (next.value[1] < time) {
      forgotten = Math.max(forgotten, next.value[1])
      marked.delete(next.value[0])
    }
  }
  const firstUsed = (marks: readonly Mark[], time: Seconds): Mark | undefined => {
    for (const mark of marks) {
      const until = marked.get(mark.digest)
      if (mark.until <= forgotten || (until !== undefined && until >= time)) return mark
    }
    return marks.length > 1 ? repeatedOf(marks) : undefined
  }
  return {
    first: async (marks) => {
      const time = now()
      const seen = firstUsed(marks, time)
      if (seen !== undefined) return seen
      for (const { digest, until } of marks) {
        for (let look = 0; look < LOOKS; look += 1) lookAtNext(time)
        marked.set(digest, until)
      }
      return undefined
    },
    get size() {
      return marked.size
    },
  }
}

/** The first mark that another one before it equals. */
function repeatedOf(marks: readonly Mark[]): Mark | undefined {
  return marks.find(
    (mark, index) => marks.findIndex(({ digest }) => digest === mark.digest) < index,
  )
}
