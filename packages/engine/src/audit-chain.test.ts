import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  breakAt,
  canonicalJson,
  CHAIN_BEGINS,
  hashOf,
  recordAfter,
  streamOf,
} from './audit-chain.ts'
import { sampleAuditEvent } from './testing/index.ts'

const EVENT = sampleAuditEvent()
const ANYBODYS = sampleAuditEvent({ id: 'ev_2', unauthenticated: true })

test('an event is written down in one way, whatever the order of its members', () => {
  const shuffled = Object.fromEntries(Object.entries(EVENT).toReversed())
  assert.equal(canonicalJson(shuffled), canonicalJson(EVENT))
  assert.deepEqual(JSON.parse(canonicalJson(EVENT)), EVENT)
})

test('what is written down is the canonical form of RFC 8785', () => {
  // The example of section 3.2.3, and of 3.2.2 what JSON of an event can hold.
  const example = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const order = [...canonicalJson(example).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)
  assert.deepEqual(order, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
  const literals = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3],
    literals: [null, true, false],
  }
  assert.equal(
    canonicalJson({ ...literals, string: '\u20ac$\u000F\u000aA\'B"\\"/', absent: undefined }),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002],"string":"€$\u000f\nA'B\"\\\"/"}`,
  )
})

test('a member of an odd name is one like any other', () => {
  const odd: unknown = JSON.parse('{"b":1,"__proto__":{"a":2}}')
  assert.equal(canonicalJson(odd), '{"__proto__":{"a":2},"b":1}')
})

test('the hash of a record is that of the canonical JSON of its line without the hash', () => {
  const first = recordAfter(CHAIN_BEGINS, EVENT)
  const second = recordAfter(first, EVENT)
  const line = { event: EVENT, previous: first.hash, sequence: 2, stream: 'trusted' }
  const expected = createHash('sha256').update(canonicalJson(line)).digest('base64url')
  assert.equal(second.hash, expected)
  assert.equal(second.sequence, 2)
})

test('anybody can cause events of one stream only', () => {
  assert.equal(streamOf(EVENT), 'trusted')
  assert.equal(streamOf(ANYBODYS), 'strangers')
  assert.equal(recordAfter(CHAIN_BEGINS, ANYBODYS).stream, 'strangers')
})

test('a record follows from the one before it, and from nothing else', () => {
  const first = recordAfter(CHAIN_BEGINS, EVENT)
  const record = recordAfter(first, sampleAuditEvent({ id: 'ev_2' }))
  assert.equal(breakAt(first, record), undefined)
  const other = recordAfter(CHAIN_BEGINS, sampleAuditEvent({ id: 'ev_3' }))
  const text = record.text.replace('refused', 'login')
  for (const [previous, changed] of [
    [first, { ...record, text }],
    [first, { ...record, text: ` ${record.text}` }],
    [first, { ...record, hash: other.hash }],
    [first, { ...record, stream: 'strangers' }],
    [other, record],
  ] as const) {
    assert.equal(breakAt(previous, changed)?.sequence, 2)
  }
  assert.match(breakAt(first, { ...record, text })?.what ?? '', /record 2 was changed/)
})

test('a hash made anew fits no longer to the record behind it', () => {
  const first = recordAfter(CHAIN_BEGINS, EVENT)
  const second = recordAfter(first, EVENT)
  const text = first.text.replace('refused', 'login')
  const forged = { ...first, text, hash: hashOf('', { ...first, text }) }
  assert.equal(breakAt(CHAIN_BEGINS, forged), undefined)
  assert.match(breakAt(forged, second)?.what ?? '', /record 2 was changed.* or record 1 was/)
})

test('what is missing is told by its numbers', () => {
  const record = { ...recordAfter(CHAIN_BEGINS, EVENT), sequence: 5 }
  const at = (sequence: number): string | undefined => breakAt({ sequence, hash: '' }, record)?.what
  assert.equal(at(3), 'record 4 is missing')
  assert.equal(at(1), 'records 2 to 4 are missing')
  assert.equal(at(5), 'record 5 stands where record 6 belongs')
})
