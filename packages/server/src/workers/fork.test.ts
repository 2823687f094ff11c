import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLog } from '../management/log.ts'
import { Crew } from './crew.ts'
import { forkWorker } from './fork.ts'
import type { Death } from './slot.ts'

before(() =>
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./testing/idle.ts', import.meta.url)),
    execArgv: ['--conditions=source'],
    args: [],
    serialization: 'advanced',
  }),
)

const pidsOf = (): readonly number[] =>
  Object.values(cluster.workers ?? {}).flatMap((worker) => worker?.process.pid ?? [])

describe('a crew of real processes', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const { promise: death, resolve: died } = Promise.withResolvers<Death>()
  const crew = new Crew({
    size: 2,
    fork: forkWorker,
    log,
    died,
    patience: 5_000,
    pulse: 100,
    now: () => performance.now(),
  })
  before(async () => assert.ok(await crew.start()))
  after(() => crew.close())

  test('kills and replaces one that is frozen, and leaves the other alone', async () => {
    const [frozen = 0, other = 0] = pidsOf()
    process.kill(frozen, 'SIGSTOP')
    assert.equal(await death, 'stuck')
    assert.ok(lines.some((line) => line.includes('a worker does not answer any more')))
    assert.throws(() => process.kill(frozen, 0), { code: 'ESRCH' })
    const [replacement] = await once(cluster, 'online')
    await once(replacement, 'message')
    assert.equal(crew.ready, 2)
    assert.ok(pidsOf().includes(other))
  })

  test('is not ended by one that is asked at the moment it dies', async () => {
    const [victim = 0] = pidsOf()
    const gone = once(cluster, 'exit')
    process.kill(victim, 'SIGKILL')
    // Its end of the channel is closed, and nobody could tell us yet.
    while (!readFileSync(`/proc/${victim}/stat`, 'utf8').includes(') Z ')) continue
    assert.equal((await crew.metrics()).length, 1)
    await gone
  })
})

test('a program that cannot be run ends at once, and was never ready', async () => {
  const execPath = process.execPath
  cluster.setupPrimary({ ...cluster.settings })
  process.execPath = '/nonexistent/node'
  try {
    const worker = forkWorker(1)
    assert.equal(await worker.ready, false)
    assert.deepEqual(await worker.ended, { exit: null, signal: null })
  } finally {
    process.execPath = execPath
  }
})

test('what goes wrong on the way to a worker is not its end, which says how it ended', async () => {
  const worker = forkWorker(1)
  assert.equal(await worker.ready, true)
  const [forked] = Object.values(cluster.workers ?? {})
  // As when a connection is passed to one that dies at this moment.
  forked?.emit('error', new Error('write EPIPE'))
  forked?.process.kill('SIGKILL')
  assert.deepEqual(await worker.ended, { exit: null, signal: 'SIGKILL' })
})
