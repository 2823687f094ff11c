import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_BEGINS, recordAfter, type StreamRecord } from './audit-chain.ts'
import { ChainCheck, checkChain } from './audit-check.ts'
import type { Audit, AuditChain, AuditLink } from './store/audit.ts'
import { createMemoryStore, fixedClock, sampleAuditEvent } from './testing/index.ts'

/** A chain of so many records. */
function chainOf(count: number): readonly StreamRecord[] {
  const records: StreamRecord[] = []
  for (let index = 1; index <= count; index += 1)
    records.push(
      recordAfter(records.at(-1) ?? CHAIN_BEGINS, sampleAuditEvent({ id: `ev ${index}` })),
    )
  return records
}

const RECORDS = chainOf(12)
const HEAD = RECORDS.at(-1) ?? assert.fail()

type Fake = Pick<Audit, 'chain' | 'read'>

/** A stream of which somebody else says where it begins and ends. */
function stream(records: readonly StreamRecord[], chain: Partial<AuditChain> = {}): Fake {
  return {
    chain: async () => ({ anchor: CHAIN_BEGINS, head: HEAD, ...chain }),
    read: async ({ after, limit }) =>
      records.filter(({ sequence }) => sequence > after).slice(0, limit),
  }
}

async function breaksOf(audit: Fake, noted: readonly AuditLink[] = []): Promise<readonly string[]> {
  return (await checkChain(audit, 'trusted', noted)).breaks.map(({ what }) => what)
}

test('a chain that nobody touched holds, and is told with its ends', async () => {
  const report = await checkChain(stream(RECORDS), 'trusted')
  assert.deepEqual(report.breaks, [])
  assert.equal(report.count, 12)
  assert.deepEqual(report.head, { sequence: 12, hash: HEAD.hash })
  assert.equal(report.first?.sequence, 1)
  assert.equal(report.last?.sequence, 12)
})

test('a stream in which nothing happened yet holds', async () => {
  const report = await checkChain(stream([], { head: CHAIN_BEGINS }), 'strangers')
  assert.deepEqual(report.breaks, [])
  assert.deepEqual(report.head, CHAIN_BEGINS)
  assert.equal(report.first, undefined)
})

test('what is missing, exchanged or put in is found in its place, and each of several', async () => {
  const [one, two, three, four] = [RECORDS[3], RECORDS[4], RECORDS[7], RECORDS[8]]
  assert.ok(one && two && three && four)
  const without = RECORDS.filter((record) => record !== one && record !== three)
  assert.deepEqual(await breaksOf(stream(without)), ['record 4 is missing', 'record 8 is missing'])
  const exchanged = RECORDS.map((record) => {
    if (record === one) return { ...one, text: two.text, hash: two.hash }
    return record === two ? { ...two, text: one.text, hash: one.hash } : record
  })
  assert.match((await breaksOf(stream(exchanged)))[0] ?? '', /record 4 was changed, exchanged/)
})

test('a tail that was removed is missed by the head', async () => {
  assert.deepEqual(await breaksOf(stream(RECORDS.slice(0, 9))), ['records 10 to 12 are missing'])
  assert.deepEqual(await breaksOf(stream([])), ['records 1 to 12 are missing'])
})

test('records behind the head, and a head of another chain, are found', async () => {
  const [head] = RECORDS.slice(8)
  assert.deepEqual(await breaksOf(stream(RECORDS, { head: head ?? HEAD })), [
    'records 10 to 12 stand after the head',
  ])
  assert.deepEqual(await breaksOf(stream(RECORDS, { head: { sequence: 12, hash: 'x' } })), [
    'record 12 is not the head of the stream',
  ])
})

test('records before the anchor are found, and do not count', async () => {
  const [anchor = HEAD] = RECORDS.slice(4)
  const strays = [...RECORDS.slice(0, 1), ...RECORDS.slice(5)]
  assert.deepEqual(await breaksOf(stream(RECORDS.slice(5), { anchor })), [])
  assert.deepEqual(await breaksOf(stream(strays, { anchor })), [
    'record 1 stands before the first that is kept',
  ])
})

test('an anchor that is not the one before the first record is found', async () => {
  const anchor = { sequence: 5, hash: 'x' }
  assert.match(
    (await breaksOf(stream(RECORDS.slice(5), { anchor })))[0] ?? '',
    /record 6 was changed/,
  )
})

test('whoever makes the whole chain anew is found by a head that was noted', async () => {
  const forged: StreamRecord[] = []
  for (let index = 1; index <= 12; index += 1)
    forged.push(
      recordAfter(forged.at(-1) ?? CHAIN_BEGINS, sampleAuditEvent({ id: `forged ${index}` })),
    )
  const head = forged.at(-1) ?? HEAD
  assert.deepEqual(await breaksOf(stream(forged, { head })), [])
  const [noted = HEAD] = RECORDS.slice(9)
  assert.deepEqual(await breaksOf(stream(RECORDS), [noted, HEAD]), [])
  assert.deepEqual(await breaksOf(stream(forged, { head }), [noted]), [
    'record 10 is not the one that was noted',
  ])
})

test('a tail that was removed together with the head is found by a head that was noted', async () => {
  const [, , head = HEAD] = RECORDS
  const cut = stream(RECORDS.slice(0, 3), { head })
  assert.deepEqual(await breaksOf(cut), [])
  assert.deepEqual(await breaksOf(cut, [HEAD]), ['the chain ends at record 3; record 12 was noted'])
})

test('a noted head is known by the anchor; of an older one nothing can be said, and that is told', async () => {
  const [older = HEAD, anchor = HEAD] = RECORDS.slice(3)
  const kept = stream(RECORDS.slice(5), { anchor })
  assert.deepEqual(await breaksOf(kept, [anchor]), [])
  assert.deepEqual(await breaksOf(kept, [older]), ['record 4 was noted, and is not kept any more'])
})

test('what is removed in its time while somebody looks is not missed', async () => {
  const long = chainOf(1_200)
  const [anchor = HEAD] = long.slice(699)
  const head = long.at(-1) ?? HEAD
  let records: readonly StreamRecord[] = long
  let begins: AuditLink = CHAIN_BEGINS
  const audit: Fake = {
    chain: async () => ({ anchor: begins, head }),
    read: async ({ after, limit }) => {
      const page = records.filter(({ sequence }) => sequence > after).slice(0, limit)
      if (after >= 0) {
        records = long.slice(700)
        begins = anchor
      }
      return page
    },
  }
  const report = await checkChain(audit, 'trusted')
  assert.deepEqual(report.breaks, [])
  assert.equal(report.count, 1_000)
  assert.equal(report.anchor.sequence, 700)
})

test('what is added while somebody looks is not taken for a break', async () => {
  const clock = fixedClock()
  const { audit } = createMemoryStore(clock)
  const add = (id: string): Promise<void> => audit.record(sampleAuditEvent({ id }))
  for (let index = 0; index < 600; index += 1) await add(`before ${index}`)
  let during = 0
  const growing: Fake = {
    chain: (name) => audit.chain(name),
    read: async (page) => {
      const records = await audit.read(page)
      if (during < 3) await add(`during ${(during += 1)}`)
      return records
    },
  }
  assert.deepEqual((await checkChain(growing, 'trusted')).breaks, [])
})

test('a record of another stream does not fit, whoever put it there', () => {
  const check = new ChainCheck('strangers', CHAIN_BEGINS)
  for (const record of RECORDS) check.add({ ...record, stream: 'strangers' })
  assert.equal(check.end().breaks.length, 12)
})
