import { checkChain } from '@signet/engine'
import { fixedClock, sampleAuditEvent, sampleCode } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withClient } from './connection.ts'
import { openPostgres, type PostgresDatabase } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const ISSUER = 'https://as.example'
const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet')

function open(url: string, connections: number): Promise<PostgresDatabase> {
  return openPostgres({ server: url, clock: fixedClock(), retention: 86_400, connections })
}

test('events of several processes make one chain, each once, in an order that was never broken', async () => {
  const url = await emptyDatabase()
  const databases = await Promise.all([1, 2, 3].map(() => open(url, 2)))
  const audits = databases.map((database) => database.store(ISSUER).audit)
  const ids = Array.from(
    { length: 150 },
    (_, index) => `ev ${index} "\\ ${String.fromCodePoint(0x1f511)}\0`,
  )
  // Each is told by two of them.
  await Promise.all(
    ids.flatMap((id, index) =>
      [index, index + 1].map(async (teller) =>
        audits[teller % 3]?.record(sampleAuditEvent({ id, detail: id })),
      ),
    ),
  )
  const report = await checkChain(audits[0] ?? assert.fail(), 'trusted')
  assert.deepEqual(report.breaks, [])
  assert.equal(report.count, ids.length)
  for (const id of ids) assert.equal((await audits[1]?.find(id))?.detail, id)
  for (const database of databases) await database.close()
})

test('a flood of events nobody can write now keeps one connection waiting, and not those who ask for something else', async () => {
  const url = await emptyDatabase()
  const database = await open(url, 2)
  const { audit, codes } = database.store(ISSUER)
  await codes.put(sampleCode())
  await audit.record(sampleAuditEvent({ id: 'first', unauthenticated: true }))
  const ids = Array.from({ length: 300 }, (_, index) => `flood ${index}`)
  await withClient({ server: url }, async (holder) => {
    await holder.query('BEGIN; SELECT FROM signet.audit_chains FOR UPDATE')
    const flood = ids.map((id) => audit.record(sampleAuditEvent({ id, unauthenticated: true })))
    const written = Promise.all(flood)
    for (let asked = 0; asked < 50; asked += 1) {
      assert.deepEqual(await codes.peek(sampleCode().digest), sampleCode())
    }
    await holder.query('COMMIT')
    await written
  })
  const report = await checkChain(audit, 'strangers')
  assert.deepEqual(report.breaks, [])
  assert.equal(report.count, ids.length + 1)
  await database.close()
})
