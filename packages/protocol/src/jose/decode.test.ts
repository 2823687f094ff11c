import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { assemble, deepJson, forge, forgeries } from '../testing/jwt-forge.ts'
import { decodeJwt, MalformedJwt, mediaTypeOf } from './decode.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { parseJsonObject } from './json-object.ts'
import { importPublicJwk } from './keys.ts'
import { verifySignature } from './verify.ts'

const key = generateSigningKey('ES256')
const header = { alg: 'ES256', typ: 'JWT' }
const claims = { iss: 'https://as.example', sub: 'alice' }
const spoiled = forgeries({ typ: 'JWT', kid: key.kid }, claims, key)

function refuses(token: string, reason?: RegExp): void {
  assert.throws(
    () => decodeJwt(token),
    (error) => {
      assert.ok(error instanceof MalformedJwt, String(error))
      if (reason !== undefined) assert.match(error.message, reason)
      return true
    },
  )
}

for (const [title, token] of Object.entries(spoiled)) {
  test(`JWT-01 refuses a JWT with ${title}, when it is read or when it is verified`, () => {
    try {
      const jwt = decodeJwt(token)
      assert.equal(verifySignature(jwt, importPublicJwk(key.publicJwk)), false)
    } catch (error) {
      assert.ok(error instanceof MalformedJwt, String(error))
    }
  })
}

test('JWT-06 refuses members that occur twice, in header and payload, escaped and within', () => {
  refuses(spoiled['a claim that occurs twice'] ?? '', /payload .* twice/)
  refuses(spoiled['a claim that occurs twice, once escaped'] ?? '', /payload .* twice/)
  refuses(spoiled['a header member that occurs twice'] ?? '', /header .* twice/)
  refuses(forge(header, '{"a":{"b":1,"c":[{"b":1,"b":1}]}}', key), /twice/)
  refuses(forge(header, '{"__proto__":1,"__proto__":2}', key), /twice/)
})

test('JWT-06 refuses what is not UTF-8 JSON with an object at the top', () => {
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url')
  const bad = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')
  refuses(`${encoded}.${bad}.AAAA`, /payload is not UTF-8/)
  refuses(`${bad}.${encoded}.AAAA`, /header is not UTF-8/)
  for (const text of ['null', '1', '"a"', '[]', 'true', '', '{', '{}x', '\uFEFF{}']) {
    refuses(forge(header, text, key), /payload is not a JSON object/)
  }
})

test('JWT-06 refuses deep JSON, in objects and in arrays, and takes what is nested sensibly', () => {
  refuses(forge(header, deepJson(1000), key), /nested/)
  refuses(forge(header, deepJson(33), key), /nested/)
  refuses(forge(header, `{"a":${'['.repeat(4000)}${']'.repeat(4000)}}`, key), /nested/)
  assert.ok(decodeJwt(forge(header, deepJson(32), key)))
})

test('JWT-06 compares names as JSON reads them, not colons or quotes within texts', () => {
  const text = String.raw`{"a:":"\"b\":\\","c":{"a:":1},"d":[{"e":1},{"e":2}],"__proto__":{"x":":"}}`
  assert.equal(typeof parseJsonObject(Buffer.from(text)), 'object')
})

test('JWT-06 whatever JSON writes is read, and a member more that is already there is not', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (object) => {
      const text = JSON.stringify(object, undefined, 1)
      assert.deepEqual(parseJsonObject(Buffer.from(text)), JSON.parse(text))
      const [name] = Object.keys(object)
      if (name === undefined) return
      const again = `{${JSON.stringify(name)}: [],${text.slice(1)}`
      assert.equal(typeof parseJsonObject(Buffer.from(again)), 'string')
    }),
  )
})

test('JWT-10 refuses crit, even an empty one or one we would know, and b64', () => {
  refuses(spoiled['a critical extension'] ?? '', /crit/)
  refuses(spoiled['an empty crit'] ?? '', /crit/)
  refuses(spoiled['b64 without crit'] ?? '', /b64/)
  refuses(forge({ ...header, b64: true }, claims, key), /b64/)
  refuses(forge({ ...header, crit: null }, claims, key), /crit/)
})

test('JWT-05 refuses compression', () => {
  refuses(spoiled['compression'] ?? '', /zip/)
})

test('JWT-02 refuses nested and encrypted tokens, which the profile has no use for', () => {
  refuses(spoiled['five parts, as an encrypted JWT has'] ?? '', /three parts/)
  const inner = Buffer.from(forge(header, claims, key)).toString('base64url')
  const outer = Buffer.from(JSON.stringify({ ...header, cty: 'JWT' })).toString('base64url')
  refuses(`${outer}.${inner}.AAAA`, /not a JSON object/)
})

test('JWT-08 kid, typ and alg are texts, and nothing in a header is looked up', () => {
  refuses(forge({ ...header, kid: 1 }, claims, key), /not a string/)
  refuses(forge({ ...header, kid: null }, claims, key), /not a string/)
  refuses(forge({ ...header, typ: ['JWT'] }, claims, key), /not a string/)
  refuses(spoiled['alg as an array'] ?? '', /not a string/)
  refuses(spoiled['no alg'] ?? '', /not a string/)
  const kid = `../../etc/passwd' OR 1=1 --\n`
  assert.equal(decodeJwt(forge({ ...header, kid, jku: 'https://x' }, claims, key)).header.kid, kid)
})

test('a JWT longer than allowed is refused before it is decoded', () => {
  refuses('a'.repeat(16_385), /longer than 16384/)
  refuses('é'.repeat(16_385), /longer/)
  assert.throws(() => decodeJwt(forge(header, claims, key), 10), MalformedJwt)
})

test('each text names one JWT: no padding, no white space, no stray bits, no other alphabet', () => {
  for (const title of ['padding', 'white space', 'stray bits in the signature']) {
    refuses(spoiled[title] ?? '', /canonical/)
  }
  refuses(spoiled['base64 that is not base64url'] ?? '', /canonical/)
  refuses(`${assemble(header, claims, '')}A`, /signature is not canonical/)
})

test('a JWT is taken apart into what it says and what was signed', () => {
  const token = forge({ ...header, kid: 'k' }, claims, key)
  const jwt = decodeJwt(token)
  assert.deepEqual(jwt.header, { alg: 'ES256', typ: 'JWT', kid: 'k' })
  assert.deepEqual(jwt.claims, claims)
  assert.equal(`${jwt.signingInput}.${jwt.signature.toString('base64url')}`, token)
})

test('any text at all is read or refused as malformed', () => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      try {
        decodeJwt(parts.join('.'))
      } catch (error) {
        assert.ok(error instanceof MalformedJwt)
      }
    }),
  )
})

test('a media type is compared without case and without application/', () => {
  assert.equal(mediaTypeOf('AT+JWT'), 'at+jwt')
  assert.equal(mediaTypeOf('application/at+jwt'), 'at+jwt')
  assert.equal(mediaTypeOf('text/at+jwt'), 'text/at+jwt')
})

test('a header that is read again is the same object, and nobody can change it', () => {
  const proof = forge({ ...header, jwk: { kty: 'EC' } }, claims, key)
  const first = decodeJwt(proof).header
  assert.equal(decodeJwt(proof).header, first)
  for (const object of [first, first['jwk'] ?? {}]) {
    assert.equal(Reflect.set(object, 'kty', 'RSA'), false)
  }
})

test('of a header that is spoiled, nothing is remembered', () => {
  const crit = forge({ ...header, crit: ['b64'] }, claims, key)
  for (let again = 0; again < 3; again++) refuses(crit, /crit/)
})

test('a header too long to be remembered is read anew, and as strictly', () => {
  const long = forge({ ...header, more: 'a'.repeat(4000) }, claims, key)
  assert.notEqual(decodeJwt(long).header, decodeJwt(long).header)
  assert.deepEqual(decodeJwt(long).header, decodeJwt(long).header)
})
