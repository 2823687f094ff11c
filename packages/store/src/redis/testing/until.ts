import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MILLISECONDS = 8_000

/** Tries until it works: for what comes back by itself, nobody can say when. */
export async function until<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(10)
    }
  }
}
