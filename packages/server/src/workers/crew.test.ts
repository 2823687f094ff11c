import assert from 'node:assert/strict'
import { beforeEach, describe, test, type TestContext } from 'node:test'
import type { Check } from '../management/check.ts'
import { createLog } from '../management/log.ts'
import { Crew } from './crew.ts'
import type { Ending, Worker } from './fork.ts'
import { createPrimaryMetrics, mergedMetrics } from './metrics.ts'
import type { Answers, Question } from './messages.ts'
import type { Death } from './slot.ts'

/** A process that does what the test says. */
class FakeWorker implements Worker {
  readonly slot: number
  readonly #ready = Promise.withResolvers<boolean>()
  readonly #ended = Promise.withResolvers<Ending>()
  readonly ready = this.#ready.promise
  readonly ended = this.#ended.promise
  answers: Partial<Answers> = { checks: [{ name: 'store', ok: true }], metrics: [] }
  isDraining = false
  isAlive = true
  /** Whether it answers when it is asked whether it hears. */
  hears = true

  constructor(slot: number) {
    this.slot = slot
  }

  up(): void {
    this.#ready.resolve(true)
  }

  end(): void {
    this.isAlive = false
    this.#ready.resolve(false)
    this.#ended.resolve({ exit: null, signal: 'SIGSEGV' })
  }

  drain(): void {
    this.isDraining = true
  }

  kill(): void {
    this.end()
  }

  pulse(): Promise<void> {
    return this.hears ? Promise.resolve() : Promise.withResolvers<void>().promise
  }

  async ask<Name extends Question>(question: Name): Promise<Answers[Name]> {
    const answer = this.answers[question]
    if (answer === undefined) throw new Error('no answer')
    return answer
  }
}

let forked: FakeWorker[]
let lines: string[]
let deaths: Death[]
let now: number
let isExhausted: boolean
beforeEach(() => {
  forked = []
  lines = []
  deaths = []
  now = 0
  isExhausted = false
})

function crewOf(size: number): Crew {
  return new Crew({
    size,
    fork: (slot) => {
      if (isExhausted) throw new Error('spawn ENOMEM')
      const worker = new FakeWorker(slot)
      forked.push(worker)
      return worker
    },
    log: createLog('info', { write: (line) => void lines.push(line) }),
    died: (death) => void deaths.push(death),
    patience: 10_000,
    pulse: 10_000,
    now: () => now,
  })
}

const worker = (index: number): FakeWorker => forked[index] ?? assert.fail(`no worker ${index}`)
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A crew at work. */
async function started(size: number): Promise<Crew> {
  const crew = crewOf(size)
  const start = crew.start()
  await settle()
  worker(0).up()
  await settle()
  for (const each of forked) each.up()
  assert.equal(await start, true)
  return crew
}

describe('a crew that starts', () => {
  test('starts one worker, and the others when it is up', async () => {
    const crew = crewOf(3)
    const start = crew.start()
    await settle()
    assert.equal(forked.length, 1)
    assert.equal(crew.ready, 0)
    worker(0).up()
    await settle()
    assert.deepEqual(
      forked.map(({ slot }) => slot),
      [1, 2, 3],
    )
    worker(1).up()
    worker(2).up()
    assert.equal(await start, true)
    assert.equal(crew.ready, 3)
  })

  test('gives up when the first does not come up, and tries no other', async () => {
    const crew = crewOf(3)
    const start = crew.start()
    await settle()
    worker(0).end()
    assert.equal(await start, false)
    assert.equal(forked.length, 1)
  })

  test('goes on with those that are up, and tries the others again', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const crew = crewOf(2)
    const start = crew.start()
    await settle()
    worker(0).up()
    await settle()
    worker(1).end()
    assert.equal(await start, true)
    assert.equal(crew.ready, 1)
    t.mock.timers.tick(100)
    await settle()
    assert.equal(worker(2).slot, 2)
    worker(2).up()
    await settle()
    assert.equal(crew.ready, 2)
  })
})

describe('a worker that dies', () => {
  test('is replaced, after a pause that grows to half a minute, for ever', async (t) => {
    const crew = await started(2)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (const pause of [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]) {
      const before = forked.length
      forked.findLast(({ slot }) => slot === 2)?.end()
      await settle()
      assert.equal(crew.ready, 1)
      t.mock.timers.tick(pause - 1)
      await settle()
      assert.equal(forked.length, before, `too early: ${pause}`)
      t.mock.timers.tick(1)
      await settle()
      assert.equal(worker(before).slot, 2)
      worker(before).up()
      await settle()
      assert.equal(crew.ready, 2)
    }
    assert.deepEqual(deaths, Array(11).fill('died'))
    assert.ok(
      lines.some((line) =>
        line.includes('"worker":2,"exit":null,"signal":"SIGSEGV","msg":"a worker died"'),
      ),
    )
  })

  test('is replaced soon again when it had served for long', async (t) => {
    await started(2)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (let death = 0; death < 3; death += 1) {
      const before = forked.length
      now += 60_001
      forked.findLast(({ slot }) => slot === 1)?.end()
      await settle()
      t.mock.timers.tick(100)
      await settle()
      worker(before).up()
      await settle()
    }
  })
})

describe('a worker that does not answer', () => {
  test('is killed after three questions, told of once, and replaced', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const crew = await started(2)
    worker(1).hears = false
    t.mock.timers.tick(39_999)
    await settle()
    assert.ok(worker(1).isAlive)
    t.mock.timers.tick(1)
    await settle()
    assert.ok(!worker(1).isAlive)
    assert.ok(worker(0).isAlive)
    assert.deepEqual(deaths, ['stuck'])
    assert.equal(lines.filter((line) => line.includes('does not answer any more')).length, 1)
    t.mock.timers.tick(100)
    await settle()
    worker(2).up()
    await settle()
    assert.equal(crew.ready, 2)
  })

  test('for a while goes on, however often that happens', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    await started(1)
    for (let time = 0; time < 5; time += 1) {
      worker(0).hears = false
      t.mock.timers.tick(20_000)
      await settle()
      worker(0).hears = true
      t.mock.timers.tick(10_000)
      await settle()
    }
    assert.ok(worker(0).isAlive)
    assert.deepEqual(deaths, [])
  })

  test('is not asked while it starts', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const crew = crewOf(1)
    const start = crew.start()
    await settle()
    worker(0).hears = false
    t.mock.timers.tick(600_000)
    await settle()
    worker(0).up()
    assert.equal(await start, true)
  })
})

describe('a system that makes no more processes', () => {
  test('is asked again later', async (t) => {
    const crew = await started(1)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    isExhausted = true
    worker(0).end()
    await settle()
    t.mock.timers.tick(100)
    await settle()
    assert.ok(lines.some((line) => line.includes('no worker could be started')))
    isExhausted = false
    t.mock.timers.tick(200)
    await settle()
    worker(1).up()
    await settle()
    assert.equal(crew.ready, 1)
  })
})

describe('a crew that rolls', () => {
  test('puts a new worker in the place of each, one by one, each up before the old one drains', async () => {
    const crew = await started(2)
    const rolled = crew.roll()
    await settle()
    assert.deepEqual(
      forked.map(({ slot }) => slot),
      [1, 2, 1],
    )
    assert.equal(worker(0).isDraining, false)
    worker(2).up()
    await settle()
    assert.equal(worker(0).isDraining, true)
    assert.equal(crew.ready, 2)
    assert.equal(forked.length, 3, 'the next one waits until the first has drained')
    worker(0).end()
    await settle()
    worker(3).up()
    await settle()
    assert.equal(worker(1).isDraining, true)
    worker(1).end()
    await rolled
    assert.deepEqual(deaths, [])
    assert.equal(forked.length, 4)
  })

  test('stays as it is when the new one does not come up', async () => {
    const crew = await started(2)
    const rolled = crew.roll()
    await settle()
    worker(2).end()
    await rolled
    assert.equal(crew.ready, 2)
    assert.equal(forked.length, 3)
    assert.ok(!worker(0).isDraining && !worker(1).isDraining)
  })

  test('kills whoever does not drain', async (t) => {
    const crew = await started(1)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const rolled = crew.roll()
    await settle()
    worker(1).up()
    await settle()
    t.mock.timers.tick(9_999)
    assert.ok(worker(0).isAlive)
    t.mock.timers.tick(1)
    assert.ok(!worker(0).isAlive)
    await rolled
  })

  test('fills the place of one that has died meanwhile, and replaces it once', async (t) => {
    const crew = await started(2)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const rolled = crew.roll()
    await settle()
    worker(1).end()
    await settle()
    worker(2).up()
    await settle()
    worker(0).end()
    await settle()
    worker(3).up()
    await rolled
    t.mock.timers.tick(60_000)
    await settle()
    assert.equal(crew.ready, 2)
    assert.equal(forked.length, 4)
  })
})

describe('a crew that is closed', () => {
  test('drains all at once, and starts nobody any more', async (t) => {
    const crew = await started(2)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const closed = crew.close()
    await settle()
    assert.ok(worker(0).isDraining && worker(1).isDraining)
    worker(0).end()
    worker(1).end()
    await closed
    t.mock.timers.tick(60_000)
    await settle()
    assert.equal(forked.length, 2)
    assert.deepEqual(deaths, [])
  })

  test('ends one that is only starting, and one that takes the place of another', async () => {
    const crew = await started(2)
    const rolled = crew.roll()
    await settle()
    const closed = crew.close()
    await settle()
    assert.ok(worker(2).isDraining)
    for (const each of forked) each.end()
    await closed
    await rolled
    assert.equal(forked.length, 3)
  })

  test('kills one that hangs while it starts', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const crew = crewOf(1)
    const start = crew.start()
    await settle()
    const closed = crew.close()
    t.mock.timers.tick(10_000)
    await closed
    assert.ok(!worker(0).isAlive)
    assert.equal(await start, false)
  })

  test('while the first one starts, is no failure of it', async () => {
    const crew = crewOf(2)
    const start = crew.start()
    await settle()
    const closed = crew.close()
    assert.ok(worker(0).isDraining)
    worker(0).end()
    assert.equal(await start, false)
    await closed
    assert.equal(forked.length, 1)
  })
})

describe('readiness', () => {
  const checksOf = async (crew: Crew): Promise<Record<string, Check>> =>
    Object.fromEntries((await crew.checks()).map((check) => [check.name, check]))

  test('is on when all are at work, and stays so when one is not', async (t) => {
    const crew = await started(2)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    assert.deepEqual(await crew.checks(), [
      { name: 'workers', ok: true },
      { name: 'store', ok: true },
    ])
    worker(1).end()
    await settle()
    assert.deepEqual((await checksOf(crew))['workers'], {
      name: 'workers',
      ok: true,
      detail: '1 of 2 are at work',
    })
  })

  test('is off when none is at work, or none answers', async () => {
    const crew = crewOf(2)
    const none = [{ name: 'workers', ok: false, detail: '0 of 2 are at work' }]
    assert.deepEqual(await crew.checks(), none)
    const busy = await started(2)
    for (const each of forked) each.answers = {}
    assert.deepEqual(await busy.checks(), none)
  })

  test('is off when any of them lacks what the others do not even name', async () => {
    const crew = await started(2)
    const silent = { name: 'readiness', ok: false, detail: 'no answer within 600 ms' }
    worker(1).answers = { checks: [silent] }
    assert.deepEqual((await checksOf(crew))['readiness'], silent)
  })

  test('is off when any of them lacks its store', async () => {
    const crew = await started(2)
    const away = { name: 'store', ok: false, detail: 'Redis failed' }
    worker(1).answers = { checks: [away] }
    assert.deepEqual((await checksOf(crew))['store'], away)
  })
})

test('metrics have the number of their worker, and none is added to another', async () => {
  const crew = await started(2)
  const series = (value: number): Answers['metrics'] => [
    {
      name: 'signet_requests_total',
      help: 'Requests.',
      type: 'counter',
      aggregator: 'sum',
      collect: () => undefined,
      values: [{ value, labels: { step: 'push' } }],
    },
  ]
  worker(0).answers = { metrics: series(3) }
  worker(1).answers = { metrics: series(4) }
  const metrics = createPrimaryMetrics(() => crew.ready)
  metrics.deaths.inc({ reason: 'stuck' })
  const text = await mergedMetrics(metrics, crew).metrics()
  for (const line of [
    'signet_requests_total{step="push",worker="1"} 3',
    'signet_requests_total{step="push",worker="2"} 4',
    'signet_workers_ready{worker="0"} 2',
    'signet_worker_deaths_total{reason="stuck",worker="0"} 1',
    'signet_worker_deaths_total{reason="died",worker="0"} 0',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`)
  }
  assert.match(text, /^process_start_time_seconds\{worker="0"\} \d+/m)
})
