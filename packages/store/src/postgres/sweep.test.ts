import { checkChain } from '@signet/engine'
import {
  fixedClock,
  sampleAuditEvent,
  sampleCode,
  sampleGrant,
  sampleInteraction,
  sampleKeyRecord,
  samplePushedRequest,
  sampleSession,
  SAMPLE_NOW,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withClient } from './connection.ts'
import { openPostgres, type PostgresDatabase, type PostgresOptions } from './open-postgres.ts'
import type { Swept } from '../sweep.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const ISSUER = 'https://as.example'
const DAY = 86_400
const AN_HOUR = 3_600
const server = await serverForTests({ fsync: false, settings: { autovacuum: 'off' } })
const emptyDatabase = await databaseWith(server, 'signet')

const NOTHING: Swept = {
  pushed_requests: 0,
  interactions: 0,
  codes: 0,
  attempts: 0,
  sessions: 0,
  grants: 0,
  opaque_tokens: 0,
  revocations: 0,
  status_lists: 0,
  status_revocations: 0,
  replay_marks: 0,
  keys: 0,
  audit: 0,
  unauthenticated_audit: 0,
}

function open(options: Pick<PostgresOptions, 'server' | 'clock'>): Promise<PostgresDatabase> {
  return openPostgres({ retention: DAY, connections: 3, ...options })
}

test('says how many rows of each table it took', async () => {
  const clock = fixedClock()
  const database = await open({ server: await emptyDatabase(), clock })
  const store = database.store(ISSUER)
  await store.pushedRequests.put(samplePushedRequest())
  await store.interactions.put(sampleInteraction())
  await store.attempts.take('alice', { burst: 5, refill: 10 }, SAMPLE_NOW)
  await store.sessions.put(sampleSession())
  await store.replay.first([{ digest: 'one', until: SAMPLE_NOW + 10 }])
  await store.replay.first([{ digest: 'two', until: SAMPLE_NOW + 10 }])
  clock.set(SAMPLE_NOW + AN_HOUR)
  assert.deepEqual(await database.sweep(100), {
    ...NOTHING,
    pushed_requests: 1,
    interactions: 1,
    attempts: 1,
    replay_marks: 2,
  })
  assert.deepEqual(await database.sweep(100), NOTHING)
  await database.close()
})

test('keeps events as long as was decided, also what was recorded before the decision', async () => {
  const url = await emptyDatabase()
  const clock = fixedClock()
  const options = { server: url, clock }
  const before = await openPostgres({ ...options, retention: 365 * DAY })
  const { audit } = before.store(ISSUER)
  await audit.record(sampleAuditEvent())
  clock.advance(10 * DAY)
  await audit.record(sampleAuditEvent({ id: 'ev_2', at: clock.milliseconds() }))
  assert.equal((await before.sweep(100))['audit'], 0)
  await before.close()

  const after = await openPostgres({ ...options, retention: 7 * DAY })
  assert.equal((await after.sweep(100))['audit'], 1)
  assert.equal(await after.store(ISSUER).audit.find('ev_1'), undefined)
  assert.notEqual(await after.store(ISSUER).audit.find('ev_2'), undefined)
  await after.close()
})

test('takes a key that has retired, and no other', async () => {
  const clock = fixedClock()
  const database = await open({ server: await emptyDatabase(), clock })
  const { keys } = database.store(ISSUER)
  const forever = sampleKeyRecord({ kid: 'forever' })
  await keys.put(forever)
  await keys.put(sampleKeyRecord({ kid: 'retiring', retiresAt: SAMPLE_NOW + 60 }))
  clock.set(SAMPLE_NOW + 59)
  assert.equal((await database.sweep(100))['keys'], 0)
  clock.set(SAMPLE_NOW + 60)
  assert.equal((await database.sweep(100))['keys'], 1)
  assert.deepEqual(await keys.list(), [forever])
  await database.close()
})

test('PKJ-06 what was used or revoked stays so when the clock of a sweeper is ahead, or is set back', async () => {
  const url = await emptyDatabase()
  const [clock, ahead] = [fixedClock(), fixedClock()]
  const [database, sweeper] = [
    await open({ server: url, clock }),
    await open({ server: url, clock: ahead }),
  ]
  const { replay, revocations } = database.store(ISSUER)
  const mark = { digest: 'proof', until: SAMPLE_NOW + 60 }
  assert.equal(await replay.first([mark]), undefined)
  await revocations.add('jti', SAMPLE_NOW + 60)
  ahead.set(SAMPLE_NOW + 60 + 599)
  await sweeper.sweep(100)
  assert.deepEqual(await replay.first([mark]), mark)
  assert.equal(await revocations.anyOf(['jti']), true)
  for (const each of [database, sweeper]) await each.close()
})

test('several who sweep at once take each row once, and wait for nobody who holds one', async () => {
  const url = await emptyDatabase()
  const clock = fixedClock()
  const sweepers = await Promise.all([1, 2, 3].map(() => open({ server: url, clock })))
  const { grants } = sweepers[0]?.store(ISSUER) ?? assert.fail()
  const ids = Array.from({ length: 600 }, (_, index) => `grant ${index}`)
  const expiresAt = SAMPLE_NOW + 60
  await Promise.all(ids.map((id) => grants.put(sampleGrant({ id, expiresAt }))))
  clock.set(expiresAt + AN_HOUR)
  await withClient({ server: url }, async (holder) => {
    await holder.query("BEGIN; SELECT FROM signet.grants WHERE key = 'grant 7' FOR UPDATE")
    const swept = await Promise.all(sweepers.map((database) => database.sweep(150)))
    assert.deepEqual(
      swept.map((each) => each['grants']),
      [150, 150, 150],
    )
    assert.equal((await sweepers[0]?.sweep(150))?.['grants'], 149)
    assert.notEqual(await grants.get('grant 7'), undefined)
  })
  assert.equal((await sweepers[1]?.sweep(150))?.['grants'], 1)
  for (const database of sweepers) await database.close()
})

test('of several who sweep a chain at once, more and less, none moves its beginning back', async () => {
  const url = await emptyDatabase()
  const clock = fixedClock()
  const [more, less] = [await open({ server: url, clock }), await open({ server: url, clock })]
  const { audit } = more.store(ISSUER)
  for (let index = 1; index <= 10; index += 1) {
    await audit.record(sampleAuditEvent({ id: `event ${index}` }))
  }
  clock.advance(2 * DAY)
  const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
  const waiting = async (count: number): Promise<void> => {
    while ((await server.execute(url, waits)).length < count);
  }
  await withClient({ server: url }, async (holder) => {
    await holder.query('BEGIN; SELECT FROM signet.audit_chains FOR UPDATE')
    const first = more.sweep(5)
    await waiting(1)
    const second = less.sweep(2)
    await waiting(2)
    await holder.query('COMMIT')
    const swept = [await first, await second].map((each) => each['audit'])
    assert.deepEqual(swept, [5, 2])
  })
  const { breaks, count } = await checkChain(audit, 'trusted')
  assert.deepEqual(breaks, [])
  assert.equal(count, 3)
  for (const each of [more, less]) await each.close()
})

const MANY = 20_000

/** Rows of many users that live on, in the tables that grow. */
const FILL = `
  INSERT INTO signet.codes (service, key, ends, subject, data)
    SELECT service, 'code ' || n, 1.9e9 + n, 'user ' || n, '{}' FROM known, generate_series(1, ${MANY}) AS n;
  INSERT INTO signet.grants (service, key, ends, subject, data)
    SELECT service, 'grant ' || n, 1.9e9 + n, 'user ' || n, '{}' FROM known, generate_series(1, ${MANY}) AS n;
  INSERT INTO signet.sessions (service, key, ends, subject, data)
    SELECT service, 'session ' || n, 1.9e9 + n, 'user ' || n, '{}' FROM known, generate_series(1, ${MANY}) AS n;
  INSERT INTO signet.replay_marks (service, key, ends)
    SELECT service, md5('mark ' || n), 1.9e9 + n FROM known, generate_series(1, ${MANY}) AS n;
  INSERT INTO signet.revocations (service, key, ends)
    SELECT service, 'grant ' || n, 1.9e9 + n FROM known, generate_series(1, ${MANY}) AS n;
  INSERT INTO signet.audit_records (service, stream, sequence, key, at, hash, data)
    SELECT service, 'trusted', 1000 + n, 'event ' || n, 1.9e12 + n, '', '{}' FROM known, generate_series(1, ${MANY}) AS n;
`.replaceAll('FROM known', 'FROM (SELECT id AS service FROM signet.services LIMIT 1) AS known')

async function useEverything(database: PostgresDatabase, round: number): Promise<void> {
  const { codes, grants, sessions, replay, revocations, audit } = database.store(ISSUER)
  await codes.put(sampleCode({ digest: `own ${round}` }))
  await codes.peek(`own ${round}`)
  await codes.redeem(`own ${round}`)
  await grants.put(sampleGrant({ id: `own ${round}` }))
  await grants.get(`own ${round}`)
  await grants.replaceStatus(`own ${round}`, { from: undefined, to: 1 })
  await sessions.put(sampleSession({ digest: `own ${round}` }))
  await sessions.get(`own ${round}`)
  await sessions.join(`own ${round}`, 'app')
  await sessions.delete(`own ${round}`)
  await replay.first([1, 2].map((each) => ({ digest: `own ${round} ${each}`, until: 1.9e9 })))
  await revocations.add(`own ${round}`, 1.9e9)
  await revocations.anyOf([`own ${round}`, 'other'])
  await audit.record(sampleAuditEvent({ id: `own ${round}` }))
  await audit.find(`own ${round}`)
  await database.sweep(100)
}

test('nothing on the way of a request reads a table from end to end, also with plans made when it was empty', async () => {
  const url = await emptyDatabase()
  await server.execute(url, 'VACUUM ANALYZE')
  const database = await openPostgres({
    server: url,
    clock: fixedClock(),
    retention: DAY,
    connections: 1,
  })
  // The server decides on one plan for all values after five times.
  for (let round = 0; round < 8; round += 1) await useEverything(database, round)
  await server.execute(url, FILL)
  const read = `
    SELECT relname AS name, seq_tup_read::int AS read FROM pg_stat_user_tables
    WHERE schemaname = 'signet' ORDER BY name`
  const before = await server.execute(url, read)
  for (let round = 8; round < 11; round += 1) await useEverything(database, round)
  await database.close()
  const after = await server.execute(url, read)
  for (const [index, { name, read: rows }] of after.entries()) {
    const more = Number(rows) - Number(before[index]?.['read'])
    assert.ok(more < MANY, `${String(name)}: ${more} rows were read one by one`)
  }
})
