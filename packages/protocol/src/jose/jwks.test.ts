import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unusableJwks } from '../testing/jwt-forge.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { importJwks } from './jwks.ts'
import { UnusableKey } from './public-jwk.ts'

const good = generateSigningKey('ES256').publicJwk

for (const jwks of [undefined, null, 'keys', [], [good], {}, { keys: {} }, { keys: null }, good]) {
  test(`${JSON.stringify(jwks)?.slice(0, 30) ?? 'nothing'} is no JWK set`, () => {
    assert.throws(() => importJwks(jwks), UnusableKey)
  })
}

test('SP-CR-04 unusable keys are ignored with a reason each, and the others work', () => {
  const bad = Object.values(unusableJwks())
  const { keys, ignored } = importJwks({ keys: [...bad, null, 'key', good] })
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    [good.kid],
  )
  assert.equal(ignored.length, bad.length + 2)
  assert.match(ignored.join('\n'), /1024 bits/)
})

test('SP-CR-11 keys for encryption with the same kid do not stand in the way', () => {
  const decoy = { ...generateSigningKey('ES256').publicJwk, kid: good.kid, use: 'enc' }
  const { keys, ignored } = importJwks({ keys: [decoy, good], more: 1 })
  assert.equal(keys.length, 1)
  assert.match(ignored[0] ?? '', /use is not sig/)
})

test('an empty set has no keys, and of a very large one the first hundred count', () => {
  assert.deepEqual(importJwks({ keys: [] }), { keys: [], ignored: [] })
  const { keys, ignored } = importJwks({ keys: Array.from({ length: 1000 }, () => good) })
  assert.equal(keys.length, 100)
  assert.deepEqual(ignored, ['all keys after the first 100'])
})

test('a reason quotes a kid in part and in ASCII', () => {
  const { ignored } = importJwks({ keys: [{ kty: 'oct', kid: `\n${'ä'.repeat(1000)}` }] })
  assert.match(ignored[0] ?? '', /^[\x20-\x7E]{1,300}$/)
})
