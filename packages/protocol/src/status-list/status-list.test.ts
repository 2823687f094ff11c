import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, inflateSync } from 'node:zlib'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { packStatuses } from './bits.ts'
import { createStatusList } from './create.ts'

const key = generateSigningKey('ES256')
const deflate = (bytes: Buffer): Buffer => deflateSync(bytes, { level: 9 })

/** The statuses of sixteen tokens. @see Token Status List §4.1 */
const EXAMPLE = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
const set = EXAMPLE.flatMap((status, index) => (status === 1 ? [index] : []))

test('a list begins with the lowest bit of its first byte', () => {
  assert.equal(packStatuses(16, set).toString('hex'), 'b9a3')
  assert.equal(packStatuses(16, [0]).toString('hex'), '0100')
  assert.equal(packStatuses(16, [15]).toString('hex'), '0080')
})

test('an index beyond the list sets no bit of another token, and makes the list no longer', () => {
  assert.equal(packStatuses(16, [16, 1_000_000, 2 ** 40]).toString('hex'), '0000')
})

test('REV-03 a list is a JWT of its own type, with the example of the specification packed as it is there', () => {
  const uri = 'https://as.example/status-lists/1'
  const statuses = packStatuses(16, set)
  const list = createStatusList({ uri, statuses, iat: 1, exp: 61, ttl: 5, deflate }, key)
  const jwt = decodeJwt(list)
  assert.deepEqual(jwt.header, { typ: 'statuslist+jwt', alg: 'ES256', kid: key.kid })
  assert.deepEqual(jwt.claims, {
    sub: uri,
    iat: 1,
    exp: 61,
    ttl: 5,
    status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' },
  })
  assert.equal(verifySignature(jwt, verificationKeyOf(key)), true)
})

test('a list of 131,072 tokens of which one in a hundred was revoked takes less than five kilobytes', () => {
  const revoked = Array.from({ length: 1_310 }, (_, count) => (count * 7_919) % 131_072)
  const statuses = packStatuses(131_072, revoked)
  const list = createStatusList({ uri: 'u', statuses, iat: 1, exp: 2, ttl: 1, deflate }, key)
  assert.ok(list.length < 5_000, `${list.length} characters`)
  const { status_list: packed } = decodeJwt(list).claims
  assert.ok(typeof packed === 'object' && packed !== null && 'lst' in packed)
  assert.deepEqual(inflateSync(Buffer.from(String(packed.lst), 'base64url')), statuses)
})
