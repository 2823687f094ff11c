import { fixedClock, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const FAR = [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 1e12]
const PAST = [-1, 0, Number.NEGATIVE_INFINITY]

test('a row whose end is no time is refused, not kept for ever', async () => {
  const database = openSqlite(temporaryFile(), { clock: fixedClock(), retention: 86_400 })
  const { grants } = database.store('https://as.example')
  await assert.rejects(grants.put(sampleGrant({ expiresAt: Number.NaN })), RangeError)
  assert.equal(await grants.get(sampleGrant().id), undefined)
  database.close()
})

test('rows that end beyond all calendars are kept, rows that ended before are swept', async () => {
  const database = openSqlite(temporaryFile(), { clock: fixedClock(), retention: 86_400 })
  const { grants } = database.store('https://as.example')
  for (const expiresAt of [...FAR, ...PAST]) {
    await grants.put(sampleGrant({ id: `${expiresAt}`, expiresAt }))
  }
  assert.equal((await database.sweep(100))['grants'], PAST.length)
  for (const expiresAt of FAR) assert.notEqual(await grants.get(`${expiresAt}`), undefined)
  database.close()
})
