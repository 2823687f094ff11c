import { SAMPLE_NOW } from '@signet/engine/testing'
import { startTestServer } from '@signet/store/postgres-testing'
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openKeeper, POLICY, type Told } from '../testing/rotating-child.ts'

const PROCESSES = 4
const ROUNDS = 8
const KINDS = ['ECDH-ES', 'ES256', 'EdDSA', 'HMAC']
const CHILD = new URL('../testing/rotating-child.ts', import.meta.url)

const directory = mkdtempSync(join(tmpdir(), 'signet-rotation-'))
const server = await startTestServer({ fsync: false })
after(async () => {
  await server.dispose()
  rmSync(directory, { recursive: true, force: true })
})

const PLACES: Readonly<Record<string, () => Promise<string>>> = {
  SQLite: async () => join(directory, 'signet.db'),
  PostgreSQL: () => server.createDatabase(),
}

for (const [name, placeOf] of Object.entries(PLACES)) {
  test(`${name}: of four processes that find the keys due at once, one makes one new key of each kind`, async (t) => {
    const place = await placeOf()
    const children = Array.from({ length: PROCESSES }, () => start(place))
    t.after(() => {
      for (const { process } of children) process.kill('SIGKILL')
    })
    // All at once on a place that is empty yet: one makes the first keys.
    await Promise.all(children.map(nextTold))
    const keeper = await openKeeper(place)
    t.after(() => keeper.close())
    assert.deepEqual(await kindsOf(keeper.store), KINDS)
    for (let round = 1; round <= ROUNDS; round += 1) {
      // After it signs each is used for the whole period.
      const due = SAMPLE_NOW + round * ((POLICY.rotateEvery ?? 0) + POLICY.announce)
      await Promise.all(children.map((child) => ask(child, due)))
      const made = await Promise.all(children.map((child) => ask(child, 'go')))
      const winners = made.filter((each) => each.length > 0)
      assert.deepEqual(winners.map(sorted), [KINDS], `round ${round}`)
      const records = await keeper.store.keys.list()
      assert.equal(records.length, (round + 1) * KINDS.length)
      const staying = records.filter(({ retiresAt }) => retiresAt === undefined)
      assert.deepEqual(sorted(staying.map(({ algorithm }) => algorithm)), KINDS)
    }
  })
}

async function kindsOf({ keys }: Awaited<ReturnType<typeof openKeeper>>['store']) {
  return sorted((await keys.list()).map(({ algorithm }) => algorithm))
}

function sorted(algorithms: Told): readonly string[] {
  return algorithms.toSorted()
}

interface Child {
  readonly process: ChildProcess
  readonly ended: AbortSignal
}

function start(place: string): Child {
  const process = fork(CHILD, [place], { execArgv: ['--conditions=source'] })
  const ending = new AbortController()
  process.once('exit', () => ending.abort())
  return { process, ended: ending.signal }
}

function ask(child: Child, now: number | 'go'): Promise<Told> {
  const told = nextTold(child)
  child.process.send(now)
  return told
}

/** Rejects when the process ends instead. */
async function nextTold({ process, ended }: Child): Promise<Told> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the child is ours
  const [told] = (await once(process, 'message', { signal: ended })) as [Told]
  return told
}
