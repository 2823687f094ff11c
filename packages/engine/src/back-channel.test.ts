import { Refused } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formRules } from './back-channel.rules.ts'
import { readForm, useOnce, verifyRequestProof } from './back-channel.ts'
import { createStage, formRequest } from './testing/index.ts'

const FORM = 'application/x-www-form-urlencoded'
const good = { contentType: FORM, form: [['a', 'b']] } as const

proveRule(formRules, 'PAR-01', {
  good,
  refuses: {
    'a request without Content-Type': { ...good, contentType: undefined },
    JSON: { ...good, contentType: 'application/json' },
    'a multipart form': { ...good, contentType: 'multipart/form-data; boundary=x' },
    'two types in one field': { ...good, contentType: `${FORM}, application/json` },
    'a type that only begins alike': { ...good, contentType: `${FORM}x` },
    'an empty type': { ...good, contentType: '' },
  },
})

proveRule(formRules, 'OAU-05', {
  good: { ...good, contentType: `${FORM.toUpperCase()} ; charset=UTF-8` },
  refuses: { 'a body that is no form': { ...good, form: undefined } },
})

proveRule(formRules, 'OAU-01', {
  good: {
    ...good,
    form: [
      ['resource', 'a'],
      ['resource', 'b'],
    ],
  },
  refuses: {
    'a parameter that occurs twice': {
      ...good,
      form: [
        ['state', '1'],
        ['state', '2'],
      ],
    },
    'a parameter that occurs twice with the same value': {
      ...good,
      form: [
        ['state', '1'],
        ['state', '1'],
      ],
    },
    'an unknown parameter that occurs twice': {
      ...good,
      form: [
        ['foo', '1'],
        ['foo', '2'],
      ],
    },
    'a parameter that occurs once with and once without value': {
      ...good,
      form: [
        ['state', ''],
        ['state', '1'],
      ],
    },
    'a name of every object that occurs twice': {
      ...good,
      form: [
        ['__proto__', '1'],
        ['__proto__', '2'],
      ],
    },
  },
})

function evidenceOf(body: string): Refused {
  try {
    readForm({ ...formRequest({}), body })
  } catch (error) {
    if (error instanceof Refused) return error
  }
  throw new Error('not refused')
}

for (const body of ['a=%', 'a=%zz', 'a=%ff', '%c3%28=1', 'a=%ed%a0%80', 'a=\ud800']) {
  test(`OAU-05 answers the body ${JSON.stringify(body)} with an error of the client`, () => {
    assert.equal(evidenceOf(body).refusal.error, 'invalid_request')
  })
}

test('OAU-01 names the parameter that occurs twice, unless its name is none', () => {
  assert.match(evidenceOf('state=1&state=2').evidence.received, /^state more than once$/)
  assert.doesNotMatch(evidenceOf('s3cret.A&s3cret.A').evidence.received, /s3cret/)
})

test('OAU-01 ignores an unknown parameter and keeps the order of the others', () => {
  assert.deepEqual(readForm({ ...formRequest({}), body: 'b=1&__proto__=2&a=3' }), [
    ['b', '1'],
    ['__proto__', '2'],
    ['a', '3'],
  ])
})

test('a form with 20,000 parameters is read in no time', () => {
  const body = Array.from({ length: 20_000 }, (_, index) => `p${index}=`).join('&')
  assert.equal(readForm({ ...formRequest({}), body }).length, 20_000)
})

test('a request without a DPoP header has no proof, which is not an error here', () => {
  const { ports } = createStage()
  const target = { method: 'POST', url: ports.service.endpoints.token }
  assert.equal(verifyRequestProof({ dpop: [] }, target, ports), undefined)
})

test('assertion and proof are marked together, and neither when one was seen before', async () => {
  const { ports, clock } = createStage()
  const mark = (digest: string): { readonly digest: string; readonly until: number } => ({
    digest,
    until: clock.now() + 60,
  })
  await useOnce({ assertion: mark('a'), proof: mark('p') }, ports)
  const refusedBy = (id: string) => (error: unknown) =>
    error instanceof Refused && error.evidence.id === id
  await assert.rejects(
    useOnce({ assertion: mark('b'), proof: mark('p') }, ports),
    refusedBy('DPOP-PRF-15'),
  )
  await useOnce({ assertion: mark('b') }, ports)
  await assert.rejects(
    useOnce({ assertion: mark('a'), proof: mark('q') }, ports),
    refusedBy('PKJ-06'),
  )
  await useOnce({ proof: mark('q') }, ports)
})

test('a store that cannot tell what was seen refuses by failing, never by letting through', async () => {
  const { ports, clock } = createStage()
  const down = new Error('the store is down')
  const store = { ...ports.store, replay: { first: () => Promise.reject(down) } }
  const mark = { digest: 'a', until: clock.now() + 60 }
  await assert.rejects(useOnce({ assertion: mark }, { ...ports, store }), down)
})
