import { fixedClock, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const OPTIONS = { clock: fixedClock(), retention: 86_400 }

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

async function modesAfterUse(path: string): Promise<readonly string[]> {
  const database = openSqlite(path, OPTIONS)
  const store = database.store('https://as.example')
  await store.grants.put(sampleGrant())
  await store.settled()
  const modes = [path, `${path}-wal`, `${path}-shm`].map(modeOf)
  database.close()
  return modes
}

test('what is made is for its owner only: the directories, the file, and the files beside it', async () => {
  const path = join(temporaryFile(), 'deep', 'data', 'signet.db')
  const umask = process.umask(0)
  try {
    assert.deepEqual(await modesAfterUse(path), ['600', '600', '600'])
  } finally {
    process.umask(umask)
  }
  assert.equal(modeOf(dirname(path)), '700')
  assert.equal(modeOf(dirname(dirname(path))), '700')
})

test('a file that was open to others is closed to them', async () => {
  const path = temporaryFile()
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  assert.deepEqual(await modesAfterUse(path), ['600', '600', '600'])
})

test('a directory that was there stays as its owner made it', async () => {
  const directory = `${temporaryFile()}.d`
  mkdirSync(directory, { mode: 0o755 })
  await modesAfterUse(join(directory, 'signet.db'))
  assert.equal(modeOf(directory), '755')
})
