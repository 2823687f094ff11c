/** What the tests with several processes run in each of them. Told by messages, answers with messages. */
import { fixedClock, sampleCode, samplePushedRequest, SAMPLE_NOW } from '@signet/engine/testing'
import type { EphemeralStore } from '../ephemeral.ts'
import { openRedis, type RedisDatabase } from '../open-redis.ts'

const ISSUER = 'https://as.example'
const RACERS = 20

/** What the parent can ask for. */
export type Task =
  | { readonly do: 'open'; readonly url: string }
  | { readonly do: 'race'; readonly name: string }
  | { readonly do: 'write' }

/** How many of twenty attempts won, by what was raced for. */
export interface Wins {
  readonly code: number
  readonly requestUri: number
  readonly jti: number
  readonly attempts: number
}

/** What the child answers. */
export type Answer =
  | { readonly opened: true }
  | { readonly wins: Wins }
  | { readonly written: string }
  | { readonly failed: string }

let redis: RedisDatabase | undefined

function answer(message: Answer): void {
  process.send?.(message)
}

async function winsOf<Given>(attempt: () => Promise<Given>, prize: Given): Promise<number> {
  const given = await Promise.all(Array.from({ length: RACERS }, attempt))
  return given.filter((one) => one === prize).length
}

async function race(store: EphemeralStore, name: string): Promise<Wins> {
  const { codes, pushedRequests, replay, attempts } = store
  const until = SAMPLE_NOW + 60
  const ofProcess = { digest: `${process.pid} ${name}`, until }
  let count = 0
  const [code, requestUri, jti, tried] = await Promise.all([
    winsOf(() => codes.redeem(name), true),
    winsOf(() => pushedRequests.claim(name), true),
    winsOf(() => {
      count += 1
      const own = { ...ofProcess, digest: `${ofProcess.digest} ${count}` }
      return replay.first([own, { digest: name, until }])
    }, undefined),
    winsOf(() => attempts.take(name, { burst: 7, refill: 60 }, SAMPLE_NOW), 0),
  ])
  return { code, requestUri, jti, attempts: tried }
}

/** Decides as fast as it can, and says of each decision that it was answered, until it is killed. */
async function write({ codes, pushedRequests, replay }: EphemeralStore): Promise<void> {
  for (let count = 0; ; count += 1) {
    const name = `${process.pid} ${count}`
    await Promise.all([
      codes.put(sampleCode({ digest: name })),
      pushedRequests.put(samplePushedRequest({ digest: name })),
    ])
    await Promise.all([
      codes.redeem(name),
      pushedRequests.claim(name),
      replay.first([{ digest: name, until: SAMPLE_NOW + 600 }]),
    ])
    answer({ written: name })
  }
}

async function perform(task: Task): Promise<void> {
  if (task.do === 'open') {
    redis = await openRedis({ url: task.url, clock: fixedClock(), settling: 0.1 })
    await redis.ephemeral(ISSUER).replay.first([{ digest: 'to open it', until: SAMPLE_NOW }])
    answer({ opened: true })
    return
  }
  if (redis === undefined) throw new Error('nothing is open')
  const store = redis.ephemeral(ISSUER)
  if (task.do === 'race') answer({ wins: await race(store, task.name) })
  else await write(store)
}

process.on('message', (task: Task) => {
  perform(task).catch((error: unknown) => answer({ failed: String(error) }))
})
process.on('disconnect', () => process.exit())
