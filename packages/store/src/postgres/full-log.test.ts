import { checkChain, StoreUnavailable, type Store } from '@signet/engine'
import { fixedClock, sampleAuditEvent, sampleCode, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { requireWritten } from '../testing/processes-contract.ts'
import { openPostgres } from './open-postgres.ts'
import { serverForTests } from './testing/databases.ts'
import { mountLogDisk } from './testing/log-disk.ts'

const UNTIL = 1_900_000_000

test('a server that ends because the disk of its log is full is unavailable until there is room and it runs again, and nothing acknowledged is lost', async () => {
  const disk = mountLogDisk(6)
  after(() => disk.remove())
  const server = await serverForTests({ fsync: true, logDirectory: disk.directory })
  const database = await openPostgres({
    server: await server.createDatabase(),
    clock: fixedClock(),
    retention: 86_400,
    migrate: true,
    connections: 4,
  })
  after(() => database.close())
  const store = database.store('https://as.example')

  const written: string[] = []
  const isOver = (): boolean => server.pid === undefined
  await Promise.all([1, 2, 3].map((lane) => writeUntil(isOver, { store, lane, written })))
  assert.ok(written.length > 100)
  await assert.rejects(store.codes.put(sampleCode()), StoreUnavailable)
  await assert.rejects(store.codes.peek(written[0] ?? ''), StoreUnavailable)
  await assert.rejects(store.revocations.anyOf(['grant']), StoreUnavailable)
  await assert.rejects(database.check(), StoreUnavailable)

  disk.resize(64)
  await server.start()
  await database.check()
  for (const name of written) await requireWritten(store, name)
  const { breaks, count } = await checkChain(store.audit, 'trusted')
  assert.deepEqual(breaks, [])
  assert.ok(count >= written.length)
})

interface Writing {
  readonly store: Store
  readonly lane: number
  readonly written: string[]
}

/** Writes one after the other, whatever becomes of each, and notes what was acknowledged. */
async function writeUntil(isOver: () => boolean, { store, lane, written }: Writing): Promise<void> {
  for (let count = 0; !isOver(); count += 1) {
    const name = `${lane} ${count}`
    try {
      await store.codes.put(sampleCode({ digest: name, keptUntil: UNTIL }))
      assert.equal(await store.codes.redeem(name), true)
      await store.grants.put(sampleGrant({ id: name }))
      assert.equal(await store.replay.first([{ digest: name, until: UNTIL }]), undefined)
      await store.audit.record(sampleAuditEvent({ id: name }))
      written.push(name)
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable, String(error))
    }
  }
}
