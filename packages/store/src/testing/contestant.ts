import type { Store } from '@signet/engine'
import { sampleAuditEvent, sampleCode, sampleGrant } from '@signet/engine/testing'

export const ISSUER = 'https://as.example'
const RACERS = 20

/** What the tests with several processes ask of each of them. */
export type Task =
  | { readonly do: 'open'; readonly place: string }
  | { readonly do: 'race'; readonly name: string }
  | { readonly do: 'take' }
  | { readonly do: 'record' }
  | { readonly do: 'write' }

/** How many of twenty attempts won, by what was raced for. */
export interface Wins {
  readonly code: number
  readonly requestUri: number
  readonly jti: number
}

/** What the child answers. */
export type Answer =
  | { readonly opened: true }
  | { readonly wins: Wins }
  | { readonly taken: readonly number[] }
  | { readonly recorded: readonly string[] }
  | { readonly written: string }
  | { readonly failed: string }

function answer(message: Answer): void {
  process.send?.(message)
}

async function winsOf<Given>(
  store: Store,
  attempt: () => Promise<Given>,
  prize: Given,
): Promise<number> {
  const given = await Promise.all(
    Array.from({ length: RACERS }, async () => {
      const got = await attempt()
      await store.settled()
      return got
    }),
  )
  return given.filter((one) => one === prize).length
}

async function race(store: Store, name: string): Promise<Wins> {
  const { codes, pushedRequests, replay } = store
  const marks = [{ digest: name, until: 1_900_000_000 }]
  return {
    code: await winsOf(store, () => codes.redeem(name), true),
    requestUri: await winsOf(store, () => pushedRequests.claim(name), true),
    jti: await winsOf(store, () => replay.first(marks), undefined),
  }
}

/** Takes a hundred blocks of positions in status lists, one after the other. */
async function take(store: Store): Promise<readonly number[]> {
  const taken: number[] = []
  for (let count = 0; count < 100; count += 1) {
    taken.push(await store.statusLists.take(1_024))
    await store.settled()
  }
  return taken
}

/** Records a hundred events of each stream, ten at once, and one that everybody records. */
async function record(store: Store): Promise<readonly string[]> {
  const recorded: string[] = []
  for (let round = 0; round < 10; round += 1) {
    const ids = Array.from({ length: 10 }, (_, index) => `${process.pid} ${round} ${index}`)
    await Promise.all(
      [...ids, 'of all'].flatMap((id) => [
        store.audit.record(sampleAuditEvent({ id: `trusted ${id}` })),
        store.audit.record(sampleAuditEvent({ id: `anybody ${id}`, unauthenticated: true })),
      ]),
    )
    await store.settled()
    recorded.push(...ids.flatMap((id) => [`trusted ${id}`, `anybody ${id}`]))
  }
  return recorded
}

/** Writes as fast as it can, and says of each write that it has settled, until it is killed. */
async function write(store: Store): Promise<void> {
  for (let count = 0; ; count += 1) {
    const name = `${process.pid} ${count}`
    await store.codes.put(sampleCode({ digest: name, keptUntil: 1_900_000_000 }))
    await store.codes.redeem(name)
    await store.grants.put(sampleGrant({ id: name }))
    await store.replay.first([{ digest: name, until: 1_900_000_000 }])
    await store.audit.record(sampleAuditEvent({ id: name }))
    await store.settled()
    answer({ written: name })
  }
}

/** Opens the store of `ISSUER` at a place. */
export type OpenAt = (place: string) => Promise<Store>

/** Does what it is told by messages, and answers with messages. */
export function contest(openAt: OpenAt): void {
  let store: Store | undefined
  const perform = async (task: Task): Promise<void> => {
    if (task.do === 'open') {
      store = await openAt(task.place)
      answer({ opened: true })
      return
    }
    if (store === undefined) throw new Error('nothing is open')
    if (task.do === 'race') answer({ wins: await race(store, task.name) })
    else if (task.do === 'take') answer({ taken: await take(store) })
    else if (task.do === 'record') answer({ recorded: await record(store) })
    else await write(store)
  }
  process.on('message', (task: Task) => {
    perform(task).catch((error: unknown) => answer({ failed: String(error) }))
  })
  process.on('disconnect', () => process.exit())
}
