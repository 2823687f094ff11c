import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import { createRequestSignature } from './create-request.ts'
import { withFields, type HttpRequest } from './message.ts'
import {
  readRequestSignature,
  verifyRequestContent,
  verifyRequestSignature,
} from './verify-request.ts'

const NOW = 1_800_000_000
const body = Buffer.from('{"amount":1}')
const request: HttpRequest = {
  method: 'POST',
  targetUri: 'https://api.example/payments?x=1',
  headers: ['Authorization', 'DPoP abc', 'DPoP', 'x.y.z'],
}
const key = generateSigningKey('ES256')

function verify(signed: HttpRequest, signer: SigningKey, content: Uint8Array = body): void {
  const signature = readRequestSignature(signed, NOW)
  verifyRequestSignature(signature, { request: signed, keys: [verificationKeyOf(signer)] })
  verifyRequestContent(signature, signed, content)
}

const withSignature = (
  unsigned: HttpRequest,
  signer: SigningKey,
  content?: Uint8Array,
): HttpRequest => {
  const fields = createRequestSignature({ request: unsigned, body: content, key: signer, now: NOW })
  return { ...unsigned, headers: withFields(unsigned.headers, fields) }
}

test('HS-CL-01 HS-CL-02 HS-CL-03 HS-CL-04 what a signature of a request says', () => {
  const fields = createRequestSignature({ request, body, key, now: NOW + 0.9 })
  assert.deepEqual(Object.keys(fields), ['content-digest', 'signature-input', 'signature'])
  assert.equal(
    fields['signature-input'],
    `sig=("@method" "@target-uri" "authorization" "dpop" "content-digest");created=${NOW};keyid="${key.kid}";tag="fapi-2-request"`,
  )
})

test('HS-CL-03 HS-CL-04 without a proof or a body, none is covered', () => {
  const plain = { ...request, headers: ['Authorization', 'Bearer abc'] }
  for (const content of [undefined, new Uint8Array()]) {
    const fields = createRequestSignature({
      request: plain,
      body: content,
      key,
      now: NOW,
      label: 'x',
    })
    assert.match(
      fields['signature-input'] ?? '',
      /^x=\("@method" "@target-uri" "authorization"\);created/,
    )
    assert.equal(fields['content-digest'], undefined)
  }
})

test('HS-CL-03 a request without Authorization cannot be signed', () => {
  const anonymous = { ...request, headers: [] }
  assert.throws(() => createRequestSignature({ request: anonymous, key, now: NOW }), {
    name: 'UnsignableComponent',
  })
})

test('HS-CL-04 a digest that was there before is replaced', () => {
  const stale = { ...request, headers: [...request.headers, 'Content-Digest', 'sha-256=:AAAA:'] }
  verify(withSignature(stale, key, body), key)
})

describe('HS-RS-01 a request is signed and verified', () => {
  for (const algorithm of ALGORITHMS) {
    test(`with ${algorithm}`, () => {
      const signer = generateSigningKey(algorithm)
      const signed = withSignature(request, signer, body)
      verify(signed, signer)
      assert.throws(() => verify({ ...signed, method: 'PUT' }, signer), /invalid_signature/)
      assert.throws(() => verify(signed, generateSigningKey(algorithm)), /invalid_signature/)
      assert.throws(() => verify(signed, signer, Buffer.from('{}')), /invalid_signature/)
    })
  }

  test('without a body', () => {
    const signed = withSignature(request, key)
    verify(signed, key, new Uint8Array())
    assert.throws(() => verify(signed, key, body), /Content-Digest/)
  })
})

test('HS-RS-07 keys that do not fit the algorithms of this API verify nothing', () => {
  const signed = withSignature(request, key)
  const signature = readRequestSignature(signed, NOW)
  const keys = [{ ...verificationKeyOf(key), algorithms: [] }]
  assert.throws(() => verifyRequestSignature(signature, { request: signed, keys }), /no key/)
})
