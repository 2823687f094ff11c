import { test } from 'node:test'
import type { Clock } from '../../ports.ts'
import type { Store } from '../../store/store.ts'
import { fixedClock, type FixedClock } from '../clock.ts'

/** A place where stores are kept, made for one test. */
export interface OpenedStores {
  /** Always the same rows for the same issuer. */
  store(issuer: string): Store
  /** Forgets rows that have ended, at most `budget` of each kind; absent where that goes by itself. */
  sweep?(budget: number): Promise<unknown>
  /** Lets go of everything and opens it again; absent where nothing outlives the process. */
  reopen?(): Promise<OpenedStores>
  close(): void | Promise<void>
}

/** How many events that anybody can cause the stores of the contract keep. */
export const UNAUTHENTICATED = 10

export type OpenStores = (
  clock: Clock,
  limits: { readonly unauthenticated: number },
) => Promise<OpenedStores>

/** What a test of the contract gets. */
export interface Scene {
  readonly clock: FixedClock
  readonly store: Store
  /** The store of another service beside it. */
  readonly other: Store
  readonly opened: OpenedStores
}

export const ISSUER = 'https://as.example'
const OTHER_ISSUER = 'https://as.example/other'

/** How many callers race for one thing. */
const RACERS = 20

/** Registers tests on stores that are opened anew for each. */
export type ContractTest = (title: string, play: (scene: Scene) => Promise<void>) => void

export function contractTest(open: OpenStores): ContractTest {
  return (title, play) =>
    void test(title, async () => {
      const clock = fixedClock()
      const opened = await open(clock, { unauthenticated: UNAUTHENTICATED })
      try {
        const store = opened.store(ISSUER)
        await play({ clock, store, other: opened.store(OTHER_ISSUER), opened })
      } finally {
        await opened.close()
      }
    })
}

/** Lets twenty callers try the same thing at once, and answers how many of them got `prize`. */
export async function race<Answer>(attempt: () => Promise<Answer>, prize: Answer): Promise<number> {
  const answers = await Promise.all(Array.from({ length: RACERS }, attempt))
  return answers.filter((answer) => answer === prize).length
}
