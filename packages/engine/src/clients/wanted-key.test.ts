import { decodeJwt, generateSigningKey } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keySaidToSign } from './wanted-key.ts'

test('PKJ-07 the key that is looked for is the one the header names, and nothing else of the header goes on', () => {
  const key = generateSigningKey('ES256')
  const said = (header: object): unknown => keySaidToSign(decodeJwt(forge(header, {}, key)))
  assert.deepEqual(said({ alg: 'ES256', kid: 'k1', typ: 'JWT' }), { kid: 'k1', alg: 'ES256' })
  assert.deepEqual(said({ alg: 'ES256' }), { alg: 'ES256' })
})
