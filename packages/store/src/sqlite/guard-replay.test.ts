import { StoreUnavailable } from '@signet/engine'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openSqliteReplay, type SqliteReplay } from './guard-replay.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const API = 'https://api.example'
const run = promisify(execFile)

function open(path: string, clock: { now: number }, resource: string = API): SqliteReplay {
  return openSqliteReplay(path, { resource, now: () => clock.now })
}

test('DPOP-PRF-15 a proof counts once for one who asks many times at once', async () => {
  const replay = open(temporaryFile(), { now: 1_000 })
  const mark = { digest: 'proof', until: 1_060 }
  const answers = await Promise.all(Array.from({ length: 20 }, () => replay.first([mark])))
  assert.equal(answers.filter((answer) => answer === undefined).length, 1)
  replay.close()
})

test('DPOP-PRF-15 a proof counts once for all processes that guard an API', async () => {
  const path = temporaryFile()
  const child = fileURLToPath(new URL('testing/replay-child.ts', import.meta.url))
  const won = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const { stdout } = await run(process.execPath, ['--conditions=source', child, path])
      return stdout.trim().split(' ').filter(Boolean).map(Number)
    }),
  )
  assert.deepEqual(
    won.flat().toSorted((one, other) => one - other),
    Array.from({ length: 100 }, (_, at) => at),
  )
})

test('DPOP-PRF-15 a proof that was used is known after a restart, and at another API it is not', async () => {
  const clock = { now: 1_000 }
  const path = temporaryFile()
  const mark = { digest: 'proof', until: 1_060 }
  const before = open(path, clock)
  assert.equal(await before.first([mark]), undefined)
  before.close()
  await assert.rejects(before.first([mark]), StoreUnavailable)
  const after = open(path, clock)
  assert.deepEqual(await after.first([mark]), mark)
  assert.equal(await open(path, clock, 'https://other.example').first([mark]), undefined)
  clock.now = 1_061
  assert.equal(await after.first([{ digest: 'proof', until: 1_121 }]), undefined)
})

test('what has ended does not fill the file', async () => {
  const clock = { now: 1_000 }
  const path = temporaryFile()
  const replay = open(path, clock)
  for (let at = 0; at < 600; at += 1) {
    clock.now += 10
    await replay.first([{ digest: `proof ${at}`, until: clock.now + 60 }])
  }
  replay.close()
  const database = new DatabaseSync(path)
  const rows = Number(database.prepare('SELECT count(*) AS rows FROM replay_log').get()?.['rows'])
  database.close()
  assert.ok(rows >= 66 && rows < 200, `${rows} rows are left`)
})
