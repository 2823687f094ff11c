/** What the tests with several processes run in each of them. Told by messages, answers with messages. */
import { fixedClock, sampleCode, sampleGrant } from '@signet/engine/testing'
import { openSqlite, type SqliteDatabase } from '../index.ts'

const ISSUER = 'https://as.example'
const RACERS = 20

/** What the parent can ask for. */
export type Task =
  | { readonly do: 'open'; readonly path: string }
  | { readonly do: 'race'; readonly name: string }
  | { readonly do: 'take' }
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
  | { readonly written: string }
  | { readonly failed: string }

let database: SqliteDatabase | undefined

function answer(message: Answer): void {
  process.send?.(message)
}

async function winsOf<Given>(attempt: () => Promise<Given>, prize: Given): Promise<number> {
  const store = database?.store(ISSUER)
  const given = await Promise.all(
    Array.from({ length: RACERS }, async () => {
      const got = await attempt()
      await store?.settled()
      return got
    }),
  )
  return given.filter((one) => one === prize).length
}

async function race(opened: SqliteDatabase, name: string): Promise<Wins> {
  const { codes, pushedRequests, replay } = opened.store(ISSUER)
  const marks = [{ digest: name, until: 1_900_000_000 }]
  return {
    code: await winsOf(() => codes.redeem(name), true),
    requestUri: await winsOf(() => pushedRequests.claim(name), true),
    jti: await winsOf(() => replay.first(marks), undefined),
  }
}

/** Takes a hundred blocks of positions in status lists, one after the other. */
async function take(opened: SqliteDatabase): Promise<readonly number[]> {
  const store = opened.store(ISSUER)
  const taken: number[] = []
  for (let count = 0; count < 100; count += 1) {
    taken.push(await store.statusLists.take(1_024))
    await store.settled()
  }
  return taken
}

/** Writes as fast as it can, and says of each write that it has settled, until it is killed. */
async function write(opened: SqliteDatabase): Promise<void> {
  const store = opened.store(ISSUER)
  for (let count = 0; ; count += 1) {
    const name = `${process.pid} ${count}`
    await store.codes.put(sampleCode({ digest: name, keptUntil: 1_900_000_000 }))
    await store.codes.redeem(name)
    await store.grants.put(sampleGrant({ id: name }))
    await store.replay.first([{ digest: name, until: 1_900_000_000 }])
    await store.settled()
    answer({ written: name })
  }
}

async function perform(task: Task): Promise<void> {
  if (task.do === 'open') {
    database = openSqlite(task.path, { clock: fixedClock(), retention: 86_400 })
    database.store(ISSUER)
    answer({ opened: true })
    return
  }
  if (database === undefined) throw new Error('nothing is open')
  if (task.do === 'race') answer({ wins: await race(database, task.name) })
  else if (task.do === 'take') answer({ taken: await take(database) })
  else await write(database)
}

process.on('message', (task: Task) => {
  perform(task).catch((error: unknown) => answer({ failed: String(error) }))
})
process.on('disconnect', () => process.exit())
