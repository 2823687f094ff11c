import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { generateSigningKey, verificationKeyOf, verifyResponseSignature } from '@signet/protocol'
import type { AnswerHeaders } from './outcome.ts'
import { pathAndQueryOf, type GuardRequest } from './request.ts'
import { API, createStage, type Stage } from './testing/stage.ts'

const client = generateSigningKey('Ed25519')
const responseKey = generateSigningKey('ES256')
const body = Buffer.from('{"balance":1}')

interface Seen {
  readonly status?: number
  readonly body?: Uint8Array
  readonly baseUrl?: string
}

/** What a client makes of a signature. */
function verify(
  headers: AnswerHeaders,
  request: GuardRequest,
  { status = 200, body: came, baseUrl = API }: Seen = {},
): void {
  const { method, target } = request
  verifyResponseSignature({
    response: {
      status,
      headers: Object.entries(headers).flat(),
      request: { method, targetUri: baseUrl + pathAndQueryOf(target), headers: request.headers },
    },
    body: came,
    keys: [verificationKeyOf(responseKey)],
    now: 1_800_000_000,
  })
}

const asked = ({ issuer }: Stage): GuardRequest =>
  issuer.sign(issuer.request({ method: 'POST', target: '/a?b=c' }), { key: client, body: 'x' })

test('HS-RS-08 HS-RS-09 HS-RS-10 an answer is signed, and tied to its request', () => {
  const stage = createStage({ responseKey })
  const request = asked(stage)
  const headers = stage.guard.sign(request, { status: 201, body })
  assert.deepEqual(Object.keys(headers), ['content-digest', 'signature-input', 'signature'])
  verify(headers, request, { status: 201, body })
  assert.throws(() => verify(headers, request, { status: 200, body }), /invalid_signature/)
  assert.throws(() => verify(headers, { ...request, target: '/a' }, { status: 201, body }))
})

test('HS-RS-10 an answer without content has no digest, whatever was written', () => {
  const { guard, issuer } = createStage({ responseKey })
  for (const [method, status, written] of [
    ['GET', 204, body],
    ['GET', 304, body],
    ['HEAD', 200, body],
    ['GET', 200, Buffer.alloc(0)],
  ] as const) {
    const request = issuer.request({ method })
    const headers = guard.sign(request, { status, body: written })
    assert.equal(headers['content-digest'], undefined)
    verify(headers, request, { status })
  }
})

test('HS-RS-08 of several URLs of a server, the answer names the one that was asked', () => {
  const baseUrl = 'https://mtls.api.example/v1'
  const { guard, issuer } = createStage({ responseKey, otherBaseUrls: [baseUrl] })
  const plain = issuer.request()
  const at = (host: string): GuardRequest => ({
    ...plain,
    headers: [...plain.headers, 'Host', host],
  })
  verify(guard.sign(at('MTLS.api.example'), { status: 200, body }), at('MTLS.api.example'), {
    body,
    baseUrl,
  })
  verify(guard.sign(at('evil.example'), { status: 200, body }), at('evil.example'), { body })
})

test('a request that no signature can cover gets an answer without one', () => {
  const { guard, issuer } = createStage({ responseKey })
  const request = { ...issuer.request(), target: '/caf\u00e9' }
  assert.deepEqual(guard.sign(request, { status: 200, body }), {})
})

test('where a guard only observes, no answer changes', () => {
  const { guard, issuer } = createStage({ responseKey, mode: 'observe' })
  assert.deepEqual(guard.sign(issuer.request(), { status: 200, body }), {})
})

test('a guard without key signs nothing', () => {
  const { guard, issuer } = createStage()
  assert.throws(() => guard.sign(issuer.request(), { status: 200, body }), TypeError)
})
