import { SessionsUnavailable } from '@signet/bff'
import { StoreUnavailable } from '@signet/engine'
import { fixedClock, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqliteSessions } from './bff-sessions.ts'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'
import { Patience } from './patience.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const open = (path: string): SqliteDatabase =>
  openSqlite(path, { clock: fixedClock(), retention: 86_400 })

test('a file that another process does not let go of is waited for once, and not by everybody', async (t) => {
  const path = temporaryFile()
  const database = open(path)
  t.after(() => database.close())
  const store = database.store('https://as.example')
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(database.check(), StoreUnavailable)
  const begun = performance.now()
  for (let time = 0; time < 20; time += 1) {
    await assert.rejects(database.check(), StoreUnavailable)
    assert.equal(await store.grants.get('read by the request before'), undefined)
    await assert.rejects(store.grants.put(sampleGrant()), StoreUnavailable)
  }
  assert.ok(performance.now() - begun < 2_500)
  other.close()
  await database.check()
  await store.grants.put(sampleGrant())
  await store.settled()
})

test('whoever finds the file taken tries again at once, and gives up after a while, sooner each later time', () => {
  const database = new DatabaseSync(temporaryFile())
  let now = 0
  const patience = new Patience(database, () => now)
  assert.equal(database.prepare('PRAGMA busy_timeout').get()?.['timeout'], 1)
  const triesUntilTold = (errcode: number): number => {
    let tries = 0
    const work = (): never => {
      tries += 1
      now += 1
      throw Object.assign(new Error('database is locked'), { errcode })
    }
    assert.throws(() => patience.attempt(work), /locked/)
    return tries
  }
  for (const busy of [5, 261, 517]) {
    assert.equal(triesUntilTold(busy), 5_000)
    assert.equal(triesUntilTold(busy), 10)
    assert.equal(
      patience.attempt(() => 'done'),
      'done',
    )
  }
  assert.equal(triesUntilTold(11), 1)
  assert.equal(triesUntilTold(5), 5_000)
  database.close()
})

const HARM: Readonly<Record<string, (path: string) => void>> = {
  removed: (path) => rmSync(path),
  'moved away': (path) => renameSync(path, `${path}.away`),
  'replaced by another': (path) => {
    renameSync(path, `${path}.away`)
    open(path).close()
  },
}
for (const [harm, does] of Object.entries(HARM)) {
  test(`nothing is kept in a file that was ${harm}, because nobody would find it again`, async (t) => {
    const path = temporaryFile()
    const database = open(path)
    t.after(() => database.close())
    const { grants } = database.store('https://as.example')
    await database.check()
    does(path)
    await assert.rejects(database.check(), StoreUnavailable)
    await assert.rejects(grants.put(sampleGrant()), StoreUnavailable)
  })

  test(`no session is kept in a file that was ${harm}, or found in it`, async (t) => {
    const path = temporaryFile()
    const sessions = openSqliteSessions(path)
    t.after(() => sessions.close())
    assert.equal(await sessions.get('x'), undefined)
    does(path)
    await assert.rejects(sessions.put('x', 'sealed', 1), SessionsUnavailable)
    await assert.rejects(sessions.get('x'), SessionsUnavailable)
  })
}

test('a check writes something: nothing else finds out that the disk is full', async (t) => {
  const path = temporaryFile()
  const database = open(path)
  t.after(() => database.close())
  await database.check()
  const before = statSync(`${path}-wal`).size
  await database.check()
  assert.ok(statSync(`${path}-wal`).size > before)
})

test('a file that is back in its place is used again', async (t) => {
  const path = temporaryFile()
  const database = open(path)
  t.after(() => database.close())
  renameSync(path, `${path}.away`)
  await assert.rejects(database.check(), StoreUnavailable)
  renameSync(`${path}.away`, path)
  await database.check()
})
