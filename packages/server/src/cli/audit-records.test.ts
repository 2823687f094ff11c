import { CHAIN_BEGINS, type Audit } from '@signet/engine'
import { createMemoryStore, fixedClock, sampleAuditEvent } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  eventOf,
  jsonLine,
  linkAt,
  plainLine,
  recordsAfter,
  type ChainedRecord,
} from './audit-records.ts'

async function recordsIn(audit: Audit, after = CHAIN_BEGINS): Promise<readonly ChainedRecord[]> {
  const found: ChainedRecord[] = []
  for await (const record of recordsAfter(audit, 'trusted', after)) found.push(record)
  return found
}

async function filled(count: number): Promise<Audit> {
  const { audit } = createMemoryStore(fixedClock())
  for (let index = 1; index <= count; index += 1)
    await audit.record(sampleAuditEvent({ id: `ev ${index}` }))
  return audit
}

const RECORD: ChainedRecord = {
  stream: 'trusted',
  sequence: 7,
  hash: 'own',
  previous: 'of the one before',
  text: JSON.stringify(sampleAuditEvent()),
}

test('all records are read, page after page, each with the hash of the one before', async () => {
  const records = await recordsIn(await filled(1_203))
  assert.equal(records.length, 1_203)
  let previous = ''
  for (const record of records) {
    assert.equal(record.previous, previous)
    previous = record.hash
  }
})

test('records are read from any place on', async () => {
  const audit = await filled(9)
  const all = await recordsIn(audit)
  assert.deepEqual(await recordsIn(audit, await linkAt(audit, 'trusted', 0)), all)
  assert.deepEqual(await recordsIn(audit, await linkAt(audit, 'trusted', 6)), all.slice(6))
  assert.deepEqual(await recordsIn(audit, await linkAt(audit, 'trusted', 9)), [])
})

test('anybody can make the hash of a line from the line', async () => {
  for (const record of await recordsIn(await filled(3))) {
    const line = jsonLine(record)
    const rest = line.replace(`"hash":"${record.hash}",`, '')
    assert.equal(createHash('sha256').update(rest).digest('base64url'), record.hash)
  }
})

test('a line for people tells when, where, what, who and why', () => {
  assert.equal(
    plainLine({ ...RECORD, text: JSON.stringify(sampleAuditEvent({ subject: 'alice' })) }),
    '2027-01-15T08:00:00.250Z trusted 7 refused push client="app" user="alice" dpop_htu_mismatch ev_1',
  )
  const event = { id: 'ev_2', at: 0, kind: 'administered', step: 'user-add' } as const
  const text = JSON.stringify({ ...event, by: 'root', detail: 'given a new password' })
  assert.equal(
    plainLine({ ...RECORD, text }),
    '1970-01-01T00:00:00.000Z trusted 7 administered user-add by="root" detail="given a new password" ev_2',
  )
})

test('whoever can write to the database writes nothing to the terminal, nor another line', () => {
  const hostile = 'x\u001b[2J\u009b\u202e\n2027 trusted 8 login'
  const CONTROL = /[\p{Cc}--[\u0080-\u009f]]/v
  for (const name of ['id', 'step', 'kind', 'clientId', 'at', 'by']) {
    const text = JSON.stringify({ ...sampleAuditEvent(), [name]: hostile })
    assert.doesNotMatch(plainLine({ ...RECORD, text }), /[\p{Cc}\p{Cf}]/u)
    assert.doesNotMatch(jsonLine({ ...RECORD, text }), CONTROL)
  }
  assert.doesNotMatch(jsonLine({ ...RECORD, text: `{\n"at": 1${hostile}` }), CONTROL)
})

test('what is no event is shown as what it is', () => {
  for (const text of ['', '{', 'null', '[]', '"text"', '{"id":1}']) {
    const record = { ...RECORD, text }
    assert.equal(eventOf(record), undefined)
    assert.match(plainLine(record), /^trusted 7 cannot be read/)
    assert.equal(JSON.parse(jsonLine(record)).event, text)
  }
  for (const at of [Infinity, 1e300, 'yesterday', null, {}])
    assert.doesNotThrow(() => plainLine({ ...RECORD, text: JSON.stringify({ at }) }))
})
