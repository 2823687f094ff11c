import { StoreUnavailable } from '@signet/engine'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openPostgresReplay, type PostgresReplay } from './guard-replay.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const API = 'https://api.example'
const run = promisify(execFile)
const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet_guard')

interface Opening {
  readonly url: string
  readonly clock: { now: number }
  readonly resource?: string
}

function open({ url, clock, resource = API }: Opening): Promise<PostgresReplay> {
  return openPostgresReplay({ server: url, resource, now: () => clock.now })
}

test('DPOP-PRF-15 a proof counts once for one who asks many times at once', async () => {
  const replay = await open({ url: await emptyDatabase(), clock: { now: 1_000 } })
  const mark = { digest: 'proof', until: 1_060 }
  const answers = await Promise.all(Array.from({ length: 20 }, () => replay.first([mark])))
  assert.equal(answers.filter((answer) => answer === undefined).length, 1)
  await replay.close()
})

test('DPOP-PRF-15 a proof counts once for all processes that guard an API', async () => {
  const url = await emptyDatabase()
  const child = fileURLToPath(new URL('testing/replay-child.ts', import.meta.url))
  const won = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const { stdout } = await run(process.execPath, ['--conditions=source', child, url])
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
  const url = await emptyDatabase()
  const mark = { digest: 'proof', until: 1_060 }
  const before = await open({ url, clock })
  assert.equal(await before.first([mark]), undefined)
  await before.close()
  await assert.rejects(before.first([mark]), StoreUnavailable)
  const after = await open({ url, clock })
  const other = await open({ url, clock, resource: 'https://other.example' })
  assert.deepEqual(await after.first([mark]), mark)
  assert.equal(await other.first([mark]), undefined)
  clock.now = 1_061
  assert.equal(await after.first([{ digest: 'proof', until: 1_121 }]), undefined)
  await after.close()
  await other.close()
})

test('what has ended does not fill the table', async () => {
  const clock = { now: 1_000 }
  const url = await emptyDatabase()
  const replay = await open({ url, clock })
  for (let at = 0; at < 600; at += 1) {
    clock.now += 10
    await replay.first([{ digest: `proof ${at}`, until: clock.now + 60 }])
  }
  await replay.close()
  const [left] = await server.execute(url, 'SELECT count(*)::int AS marks FROM signet_guard.marks')
  const marks = Number(left?.['marks'])
  assert.ok(marks >= 60 && marks < 200, `${marks} marks are left`)
})
