import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as jose from 'jose'
import { forgeries } from '../testing/jwt-forge.ts'
import { ALGORITHMS, type Algorithm } from './algorithms.ts'
import { decodeJwt, MalformedJwt } from './decode.ts'
import { verificationKeyOf } from './describe-signing-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { importPublicJwk } from './keys.ts'
import { exportPrivateJwk } from './private-jwk.ts'
import { signJwt } from './sign.ts'
import type { SigningKey } from './signing-key.ts'
import { verifySignature } from './verify.ts'

const keys: ReadonlyMap<Algorithm, SigningKey> = new Map(
  ALGORITHMS.map((algorithm) => [algorithm, generateSigningKey(algorithm)]),
)
const signer = fc.constantFrom(...keys.values())
const claims = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__' && !REGISTERED.has(name)),
  fc.jsonValue({ maxDepth: 4 }),
)
/** Claims that jose judges by itself. */
const REGISTERED: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat', 'iss', 'aud', 'sub', 'jti'])
const RUNS = { numRuns: 60 }

function weAccept(token: string, key: SigningKey): boolean {
  try {
    return verifySignature(decodeJwt(token), verificationKeyOf(key))
  } catch (error) {
    assert.ok(error instanceof MalformedJwt, String(error))
    return false
  }
}

async function joseAccepts(token: string, key: SigningKey): Promise<boolean> {
  try {
    await jose.jwtVerify(token, await jose.importJWK({ ...key.publicJwk }), {
      algorithms: [...ALGORITHMS],
    })
    return true
  } catch {
    return false
  }
}

test('SP-CR-01 what we sign, jose verifies', async () => {
  await fc.assert(
    fc.asyncProperty(signer, claims, fc.string(), async (key, payload, typ) => {
      const token = signJwt({ typ }, payload, key)
      const verified = await jose.jwtVerify(token, await jose.importJWK({ ...key.publicJwk }))
      assert.deepEqual(verified.payload, JSON.parse(JSON.stringify(payload)))
      assert.equal(verified.protectedHeader.kid, key.kid)
      assert.equal(verified.protectedHeader.typ, typ)
    }),
    RUNS,
  )
})

test('SP-CR-01 what jose signs, we verify', async () => {
  await fc.assert(
    fc.asyncProperty(signer, claims, async (key, payload) => {
      const privateKey = await jose.importJWK({ ...exportPrivateJwk(key) })
      const token = await new jose.SignJWT(payload)
        .setProtectedHeader({ alg: key.algorithm, kid: key.kid })
        .sign(privateKey)
      const jwt = decodeJwt(token)
      assert.equal(verifySignature(jwt, verificationKeyOf(key)), true)
      assert.deepEqual(jwt.claims, JSON.parse(JSON.stringify(payload)))
    }),
    RUNS,
  )
})

test('SP-CR-01 what jose refuses, we refuse: tokens with a character changed, left out or added', async () => {
  const edit = fc.record({
    at: fc.nat(400),
    cut: fc.constantFrom(0, 1),
    put: fc.constantFrom('', 'A', '_', '.', '=', ' ', '+'),
  })
  await fc.assert(
    fc.asyncProperty(signer, claims, edit, async (key, payload, { at, cut, put }) => {
      const token = signJwt({}, payload, key)
      const edited = token.slice(0, at) + put + token.slice(at + cut)
      if (!(await joseAccepts(edited, key))) assert.equal(weAccept(edited, key), false)
      if (edited !== token) assert.equal(weAccept(edited, key), false)
    }),
    { numRuns: 200 },
  )
})

test('SP-CR-01 what jose refuses, we refuse: every forgery', async () => {
  const key = generateSigningKey('ES256')
  for (const [title, token] of Object.entries(forgeries({ kid: key.kid }, { sub: 'a' }, key))) {
    assert.equal(weAccept(token, key), false, title)
  }
})

test('SP-CR-11 no key verifies what another one signed', async () => {
  for (const one of keys.values()) {
    for (const other of keys.values()) {
      const token = signJwt({}, { sub: 'a' }, one)
      assert.equal(weAccept(token, other), one === other)
      assert.equal(await joseAccepts(token, other), one === other)
    }
  }
})

test('DPOP-PRF-14 thumbprints are those of jose', async () => {
  for (const key of keys.values()) {
    const { thumbprint } = importPublicJwk(key.publicJwk)
    assert.equal(thumbprint, await jose.calculateJwkThumbprint({ ...key.publicJwk }))
  }
})

test('SP-CR-02 keys that jose makes are keys to us', async () => {
  for (const algorithm of ALGORITHMS) {
    const { publicKey } = await jose.generateKeyPair(algorithm, { extractable: true })
    const jwk = await jose.exportJWK(publicKey)
    assert.ok(importPublicJwk(jwk).algorithms.includes(algorithm))
  }
})
