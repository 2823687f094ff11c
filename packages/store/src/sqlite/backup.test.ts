import { StoreUnavailable } from '@signet/engine'
import { fixedClock, sampleGrant, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { SchemaRefused } from '../schema-refused.ts'
import { BackupExists, backUpSqlite } from './backup.ts'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'
import { MIGRATIONS } from './schema.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const ISSUER = 'https://as.example'
const open = (path: string): SqliteDatabase =>
  openSqlite(path, { clock: fixedClock(), retention: 86_400 })

/** A database with so many grants, of so many bytes each, and nobody at it. */
async function filled(count: number, bytes = 10): Promise<string> {
  const path = temporaryFile()
  const database = open(path)
  const { grants } = database.store(ISSUER)
  const refreshToken = 'x'.repeat(bytes)
  for (let index = 0; index < count; index += 1) {
    await grants.put(sampleGrant({ id: `grant ${index}`, refreshToken }))
  }
  database.close()
  return path
}

/** Everything that lies there under this name, or one that begins with it. */
function filesAt(path: string): readonly string[] {
  return readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)))
}

test('a backup has everything that was there, in one file for its owner only', async () => {
  const path = await filled(10)
  const database = open(path)
  await database.store(ISSUER).revocations.add('grant 3', SAMPLE_NOW + 60)
  await database.store(ISSUER).settled()
  const to = temporaryFile()
  const umask = process.umask(0)
  const made = await backUpSqlite(path, to).finally(() => process.umask(umask))
  database.close()
  assert.deepEqual(made, { version: MIGRATIONS.length, bytes: statSync(to).size })
  assert.deepEqual(filesAt(to), [basename(to)])
  assert.equal((statSync(to).mode & 0o777).toString(8), '600')

  const restored = open(to)
  const { grants, revocations } = restored.store(ISSUER)
  assert.equal((await grants.list({ after: '', limit: 100 })).length, 10)
  assert.equal(await revocations.anyOf(['grant 3']), true)
  restored.close()
})

test('a backup is of one moment, and nobody waits for it', async () => {
  const path = await filled(5_000, 4_000)
  const database = open(path)
  const store = database.store(ISSUER)
  const { grants, revocations } = store
  const work = { done: false, written: 0 }
  const writing = (async (): Promise<void> => {
    while (!work.done) {
      await grants.put(
        sampleGrant({ id: `while ${work.written}`, refreshToken: 'x'.repeat(4_000) }),
      )
      await revocations.add(`while ${work.written}`, SAMPLE_NOW + 60)
      await store.settled()
      work.written += 1
    }
  })()
  while (work.written < 3) await store.settled().then(() => new Promise(setImmediate))
  const to = temporaryFile()
  const before = work.written
  await backUpSqlite(path, to)
  const meanwhile = work.written - before
  work.done = true
  await writing
  database.close()
  assert.ok(meanwhile > 3, `written meanwhile: ${meanwhile}`)

  const restored = open(to)
  const rows = await restored.store(ISSUER).grants.list({ after: 'while', limit: 100_000 })
  const revoked = await restored.store(ISSUER).revocations.list({ after: '', limit: 100_000 })
  restored.close()
  assert.ok(rows.length >= before)
  assert.deepEqual(
    rows.map(({ id }) => id),
    revoked.map(({ id }) => id),
  )
})

test('what is there stays, unless it is to give way', async () => {
  const path = await filled(1)
  const to = temporaryFile()
  writeFileSync(to, 'something dear')
  await assert.rejects(backUpSqlite(path, to), BackupExists)
  assert.equal(readFileSync(to, 'utf8'), 'something dear')
  assert.deepEqual(filesAt(to), [basename(to)])
  await backUpSqlite(path, to, { replace: true })
  open(to).close()
})

test('what is damaged, of somebody else, newer, empty or not there is not backed up', async () => {
  const damaged = await filled(500, 500)
  const { size } = statSync(damaged)
  const bytes = readFileSync(damaged)
  bytes.fill(0x55, size / 2, size / 2 + 20_000)
  writeFileSync(damaged, bytes)
  const cut = await filled(500, 500)
  truncateSync(cut, size / 2)
  const newer = await filled(1)
  const strange = temporaryFile()
  const text = temporaryFile()
  const empty = temporaryFile()
  writeFileSync(text, 'no database, but long enough to be looked at: '.repeat(100))
  writeFileSync(empty, '')
  execute(newer, `INSERT INTO schema_version VALUES (${MIGRATIONS.length + 1}, 'x', 'x')`)
  execute(strange, 'CREATE TABLE strange (id INTEGER)')
  for (const path of [damaged, cut, newer, strange, text, empty]) {
    const to = temporaryFile()
    await assert.rejects(
      backUpSqlite(path, to),
      (error) =>
        (error instanceof SchemaRefused || error instanceof StoreUnavailable) &&
        error.message.startsWith(`${path}: `),
    )
    assert.deepEqual(filesAt(to), [])
  }
  const nothing = temporaryFile()
  await assert.rejects(backUpSqlite(nothing, temporaryFile()), StoreUnavailable)
  assert.equal(existsSync(nothing), false)
})

test('a database of an earlier release is backed up as it is', async () => {
  const path = await filled(1)
  const last = MIGRATIONS.length
  execute(path, `DELETE FROM schema_version WHERE version = ${last}`)
  const copy = temporaryFile()
  copyFileSync(path, copy)
  assert.equal((await backUpSqlite(path, temporaryFile())).version, last - 1)
  assert.deepEqual(readFileSync(path), readFileSync(copy))
})

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}
