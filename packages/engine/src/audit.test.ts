import { refusal, Refused, type Evidence } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimedClient, recordRefusal } from './audit.ts'
import type { AuditEvent } from './store/audit.ts'
import { ASKING, createStage } from './testing/index.ts'

async function recorded(change: Partial<Evidence>, clientId?: string): Promise<AuditEvent> {
  const { ports } = createStage()
  const refused = new Refused(refusal('invalid_request', 'no'), {
    id: 'SP-AZ-05',
    reason: 'reason',
    expected: 'expected',
    received: 'received',
    remedy: 'remedy',
    ...change,
  })
  const id = await recordRefusal(refused, { step: 'push', clientId }, ports)
  const event = await ports.store.audit.find(id)
  assert.ok(event)
  return event
}

test('a refusal is recorded with step, client, rule, expectation, remedy and the time of the server', async () => {
  const event = await recorded({}, 'app')
  assert.deepEqual(event, {
    id: event.id,
    at: 1_800_000_000_000,
    kind: 'refused',
    step: 'push',
    clientId: 'app',
    refusal: { error: 'invalid_request', description: 'no' },
    evidence: {
      id: 'SP-AZ-05',
      reason: 'reason',
      expected: 'expected',
      received: 'received',
      remedy: 'remedy',
    },
    unauthenticated: true,
  })
})

test('a refusal is marked as one anybody can cause, unless the client proved itself or the user is known', async () => {
  const { ports } = createStage()
  const refused = new Refused(refusal('invalid_request', 'no'), {
    id: 'SP-AZ-05',
    reason: '',
    expected: '',
    received: '',
    remedy: '',
  })
  for (const [context, marked] of [
    [{}, true],
    [{ clientId: 'app' }, true],
    [{ clientId: 'app', authenticated: true }, undefined],
    [{ subject: 'alice' }, undefined],
  ] as const) {
    const id = await recordRefusal(refused, { step: 'push', ...context }, ports)
    assert.equal((await ports.store.audit.find(id))?.unauthenticated, marked)
  }
})

test('a long value is recorded in part, with its length', async () => {
  const { evidence, clientId } = await recorded(
    { received: 'a'.repeat(100_000), expected: 'b'.repeat(401) },
    'c'.repeat(100_000),
  )
  assert.equal(evidence?.received, `${'a'.repeat(400)}… (100000 characters)`)
  assert.equal(evidence.expected, `${'b'.repeat(400)}… (401 characters)`)
  assert.equal(clientId?.length, 400 + '… (100000 characters)'.length)
})

test('what is cut in the middle of a character stays well-formed', async () => {
  const { evidence } = await recorded({ received: `${'a'.repeat(399)}😀` })
  assert.ok(evidence?.received.isWellFormed())
})

for (const [title, character] of Object.entries({
  'a line feed': '\n',
  'a carriage return': '\r',
  'an escape sequence': '\u001b[31m',
  'a NUL': '\0',
  'a C1 control': '\u009b',
  'a line separator': '\u2028',
  'an override of the direction': '\u202e',
  'an invisible character': '\u200b',
})) {
  test(`${title} is not recorded as it came`, async () => {
    const { evidence, clientId } = await recorded({ received: `x${character}y` }, `a${character}p`)
    assert.match(evidence?.received ?? '', /^x\ufffd.*y$/)
    assert.match(clientId ?? '', /^a\ufffd.*p$/)
  })
}

test('a JWT is not recorded, wherever it stands and however long it is', async () => {
  const { app } = createStage()
  const assertion = app.assertion()
  const long = forge({ alg: 'ES256', jwk: 'n'.repeat(2_000) }, {}, app.key)
  const { evidence, clientId } = await recorded(
    { received: `client_id ${assertion}`, expected: `"${long}"` },
    assertion,
  )
  assert.equal(evidence?.received, 'client_id (a JWT)')
  assert.doesNotMatch(evidence.expected, /eyJ/)
  assert.equal(clientId, '(a JWT)')
})

test('every event has an id of its own of 128 bits', async () => {
  const { ports } = createStage()
  const bits: number[] = []
  const random = {
    token: (asked: number): string => {
      bits.push(asked)
      return ports.random.token(asked)
    },
  }
  const refused = new Refused(refusal('invalid_request', 'no'), {
    id: 'SP-AZ-05',
    reason: '',
    expected: '',
    received: '',
    remedy: '',
  })
  const one = await recordRefusal(refused, { step: 'push' }, { ...ports, random })
  const other = await recordRefusal(refused, { step: 'push' }, { ...ports, random })
  assert.notEqual(one, other)
  assert.deepEqual(bits, [128, 128])
})

test('the client a request claims to be from is read from client_id or from the assertion', () => {
  const { app } = createStage()
  assert.equal(claimedClient('client_id=web'), 'web')
  assert.equal(claimedClient(app.request(ASKING).body), 'app')
})

test('a request without a readable client claims none, and nothing breaks', () => {
  const deep = Buffer.from('['.repeat(100_000)).toString('base64url')
  const bodies = [
    '',
    '%',
    'client_id=',
    'client_assertion=x',
    'client_assertion=.',
    'client_assertion=..',
    `client_assertion=.${deep}.`,
    `client_assertion=.${Buffer.from('null').toString('base64url')}.`,
    `client_assertion=.${Buffer.from('{"sub":{"toString":1}}').toString('base64url')}.`,
  ]
  for (const body of bodies) assert.equal(claimedClient(body), undefined, body.slice(0, 40))
})
