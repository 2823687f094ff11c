import {
  fixedClock,
  sampleAuditEvent,
  sampleDigest,
  sampleInteraction,
  sampleKeyRecord,
  samplePushedRequest,
  sampleSession,
  SAMPLE_NOW,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const ISSUER = 'https://as.example'
const DAY = 86_400

test('says how many rows of each table it took', async () => {
  const clock = fixedClock()
  const database = openSqlite(temporaryFile(), { clock, retention: DAY })
  const store = database.store(ISSUER)
  await store.pushedRequests.put(samplePushedRequest())
  await store.interactions.put(sampleInteraction())
  await store.attempts.take('alice', { burst: 5, refill: 10 }, SAMPLE_NOW)
  await store.sessions.put(sampleSession())
  await store.replay.first([{ digest: 'one', until: SAMPLE_NOW + 10 }])
  await store.settled()
  await store.replay.first([{ digest: 'two', until: SAMPLE_NOW + 10 }])
  await store.settled()
  clock.set(SAMPLE_NOW + 3600)
  const nothing = {
    pushed_requests: 0,
    interactions: 0,
    codes: 0,
    replay_log: 0,
    attempts: 0,
    sessions: 0,
    grants: 0,
    opaque_tokens: 0,
    revocations: 0,
    status_lists: 0,
    status_revocations: 0,
    keys: 0,
    audit: 0,
    unauthenticated_audit: 0,
  }
  assert.deepEqual(await database.sweep(100), {
    ...nothing,
    pushed_requests: 1,
    interactions: 1,
    attempts: 1,
    replay_log: 1,
  })
  assert.deepEqual(await database.sweep(100), nothing)
  database.close()
})

test('keeps events as long as was decided, also what was recorded before the decision', async () => {
  const path = temporaryFile()
  const clock = fixedClock()
  const before = openSqlite(path, { clock, retention: 365 * DAY })
  await before.store(ISSUER).audit.record(sampleAuditEvent())
  clock.advance(10 * DAY)
  await before
    .store(ISSUER)
    .audit.record(sampleAuditEvent({ id: 'ev_2', at: clock.milliseconds() }))
  assert.equal((await before.sweep(100))['audit'], 0)
  before.close()

  const after = openSqlite(path, { clock, retention: 7 * DAY })
  assert.equal((await after.sweep(100))['audit'], 1)
  assert.equal(await after.store(ISSUER).audit.find('ev_1'), undefined)
  assert.notEqual(await after.store(ISSUER).audit.find('ev_2'), undefined)
  after.close()
})

test('takes a key that has retired, and no other', async () => {
  const clock = fixedClock()
  const database = openSqlite(temporaryFile(), { clock, retention: DAY })
  const { keys } = database.store(ISSUER)
  const forever = sampleKeyRecord({ kid: 'forever' })
  const retiring = sampleKeyRecord({ kid: 'retiring', retiresAt: SAMPLE_NOW + 60 })
  await keys.put(forever)
  await keys.put(retiring)
  clock.set(SAMPLE_NOW + 59)
  assert.equal((await database.sweep(100))['keys'], 0)
  clock.set(SAMPLE_NOW + 60)
  assert.equal((await database.sweep(100))['keys'], 1)
  assert.deepEqual(await keys.list(), [forever])
  database.close()
})

test('PKJ-06 DPOP-PRF-15 what was used or revoked stays so when the clock of a sweeper is ahead, or is set back', async () => {
  const path = temporaryFile()
  const mark = { digest: 'proof', until: SAMPLE_NOW + 60 }
  const [clock, ahead] = [fixedClock(), fixedClock()]
  const database = openSqlite(path, { clock, retention: DAY })
  await database.store(ISSUER).replay.first([mark])
  await database.store(ISSUER).revocations.add('jti', SAMPLE_NOW + 60)
  await database.store(ISSUER).replay.first([{ digest: 'newest', until: SAMPLE_NOW }])
  database.close()

  ahead.set(SAMPLE_NOW + 60 + 599)
  const sweeper = openSqlite(path, { clock: ahead, retention: DAY })
  await sweeper.sweep(100)
  sweeper.close()
  const again = openSqlite(path, { clock, retention: DAY })
  const { replay, revocations } = again.store(ISSUER)
  assert.deepEqual(await replay.first([mark]), mark)
  assert.equal(await revocations.anyOf(['jti']), true)
  again.close()
})

test('PKJ-06 DPOP-PRF-15 a mark is seen by who was there before everything was swept', async () => {
  const path = temporaryFile()
  const clock = fixedClock()
  const veteran = openSqlite(path, { clock, retention: DAY })
  for (let count = 0; count < 5; count += 1) {
    await veteran.store(ISSUER).replay.first([{ digest: `old ${count}`, until: SAMPLE_NOW + 10 }])
    await veteran.store(ISSUER).settled()
  }
  clock.advance(3600)
  await veteran.sweep(100)

  const newcomer = openSqlite(path, { clock, retention: DAY })
  const mark = { digest: sampleDigest('new'), until: clock.now() + 60 }
  assert.equal(await newcomer.store(ISSUER).replay.first([mark]), undefined)
  await newcomer.store(ISSUER).settled()
  assert.deepEqual(await veteran.store(ISSUER).replay.first([mark]), mark)
  veteran.close()
  newcomer.close()
})

test('the log beside the file does not grow without bound', async () => {
  const path = temporaryFile()
  const database = openSqlite(path, { clock: fixedClock(), retention: DAY })
  const store = database.store(ISSUER)
  const state = 'x'.repeat(100_000)
  for (let count = 0; count < 600; count += 1) {
    const request = samplePushedRequest({ digest: 'always the same' })
    await store.pushedRequests.put({ ...request, parameters: { ...request.parameters, state } })
    await store.settled()
  }
  assert.ok(statSync(`${path}-wal`).size < 24e6, `${statSync(`${path}-wal`).size} bytes`)
  assert.ok(statSync(path).size < 4e6, `${statSync(path).size} bytes`)
  database.close()
})

test('check resolves while the file can be written, and rejects afterwards', async () => {
  const database = openSqlite(temporaryFile(), { clock: fixedClock(), retention: DAY })
  await database.check()
  database.close()
  await assert.rejects(database.check(), /closed/)
})
