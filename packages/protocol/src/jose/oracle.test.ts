import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import * as jose from 'jose'
import { oneOfEachKind, verifiersOfEachKind, type SmallWorld } from '../testing/every-kind.ts'
import { forge, forgeries } from '../testing/jwt-forge.ts'
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
const worlds: readonly SmallWorld[] = [...keys.values()].map((key) => ({
  key,
  issuer: 'https://as.example',
  who: 'bank',
  now: 1_800_000_000,
}))
const signer = fc.constantFrom(...keys.values())
const claims = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__' && !REGISTERED.has(name)),
  fc.jsonValue({ maxDepth: 4 }),
)
/** Claims that jose judges by itself. */
const REGISTERED: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat', 'iss', 'aud', 'sub', 'jti'])
const RUNS = { numRuns: 60 }
/** What jose is told of a token: no more than we are. */
const OPTIONS = { algorithms: [...ALGORITHMS], currentDate: new Date(1_800_000_000_000) }

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
    await jose.jwtVerify(token, await jose.importJWK({ ...key.publicJwk }), OPTIONS)
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

for (const world of worlds) {
  const tokens = oneOfEachKind(world)

  describe(`with ${world.key.algorithm}`, () => {
    for (const [kind, token] of tokens) {
      test(`SP-CR-01 jose verifies our ${kind}, with the key that jose finds`, async () => {
        const jwt = decodeJwt(token)
        const jwks = jose.createLocalJWKSet({ keys: [{ ...world.key.publicJwk }] })
        const found = kind === 'DPoP proof' ? jose.EmbeddedJWK : jwks
        const verified = await jose.jwtVerify(token, found, OPTIONS)
        assert.deepEqual(verified.payload, jwt.claims)
        assert.deepEqual(verified.protectedHeader, jwt.header)
      })
    }

    for (const [kind, verify] of verifiersOfEachKind(world)) {
      test(`SP-CR-01 a ${kind} that jose signs is one to us`, async () => {
        const ours = decodeJwt(tokens.get(kind) ?? '')
        const privateKey = await jose.importJWK({ ...exportPrivateJwk(world.key) })
        const token = await new jose.SignJWT(ours.claims)
          .setProtectedHeader(ours.header)
          .sign(privateKey)
        assert.ok(verify(token))
      })
    }
  })
}

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

/** A token in which one byte of one part differs. */
const byteChanged = fc
  .record({ part: fc.nat(2), at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) })
  .map(({ part, at, bits }) => (token: string): string => {
    const parts = token.split('.')
    const bytes = Buffer.from(parts[part] ?? '', 'base64url')
    const index = at % bytes.length
    bytes[index] = (bytes[index] ?? 0) ^ bits
    return parts.with(part, bytes.toString('base64url')).join('.')
  })

/** A token that ends early, in any of its parts. */
const truncated = fc.nat().map((at) => (token: string) => token.slice(0, at % token.length))

/** A token with something in it that is not base64url. */
const interspersed = fc
  .record({ at: fc.nat(), put: fc.constantFrom('=', '==', ' ', '\n', '\t', '\0', '+', '/', 'é') })
  .map(({ at, put }) => (token: string): string => {
    const index = at % (token.length + 1)
    return token.slice(0, index) + put + token.slice(index)
  })

/** A token that names another algorithm than the one it was signed with, under the old signature. */
const renamed = fc
  .constantFrom(...ALGORITHMS, 'RS256', 'ES384', 'HS256', 'none', 'NONE', '')
  .map((alg) => (token: string): string => {
    const [header = '', ...rest] = token.split('.')
    const members: object = JSON.parse(Buffer.from(header, 'base64url').toString())
    const other = Buffer.from(JSON.stringify({ ...members, alg })).toString('base64url')
    return [other, ...rest].join('.')
  })

/** The parts of a token in another number or order. */
const rearranged = fc.array(fc.nat(2), { maxLength: 5 }).map((order) => (token: string): string => {
  const parts = token.split('.')
  return order.map((part) => parts[part]).join('.')
})

test('SP-CR-01 what jose refuses, we refuse: tokens of every kind, altered in any way', async () => {
  const alteration = fc.oneof(byteChanged, truncated, interspersed, renamed, rearranged)
  const good = fc.constantFrom(
    ...worlds.flatMap((world) =>
      [...oneOfEachKind(world).values()].map((token) => ({ key: world.key, token })),
    ),
  )
  await fc.assert(
    fc.asyncProperty(good, alteration, async ({ key, token }, alter) => {
      const altered = alter(token)
      if (!(await joseAccepts(altered, key))) assert.equal(weAccept(altered, key), false)
      assert.equal(weAccept(altered, key), altered === token)
    }),
    { numRuns: 400 },
  )
})

// jose takes some of these: a member that occurs twice, an extension it knows, what it does not read, such as `zip`. We
// take none, because two readers could understand them in two ways.
test('JWT-05 JWT-06 JWT-10 what jose refuses, we refuse, and what only a lenient reader takes', async () => {
  const told = { iss: 'a', sub: 'b' }
  for (const key of keys.values()) {
    const { algorithm: alg, kid } = key
    const odd: Readonly<Record<string, string>> = {
      'a claim twice': forge({ alg, kid }, '{"iss":"a","iss":"b"}', key),
      'alg twice': forge(`{"alg":"none","alg":"${alg}"}`, told, key),
      'an unknown extension': forge({ alg, kid, crit: ['x'], x: 1 }, told, key),
      'a known extension': forge({ alg, kid, crit: ['b64'], b64: true }, told, key),
      'an unencoded payload': forge({ alg, kid, crit: ['b64'], b64: false }, told, key),
      'b64 that is not critical': forge({ alg, kid, b64: false }, told, key),
      compression: forge({ alg, kid, zip: 'DEF' }, told, key),
      'a JWT within a JWT': forge({ alg, kid, cty: 'JWT' }, signJwt({}, told, key), key),
      'a list of claims': forge({ alg, kid }, [told], key),
    }
    for (const [title, token] of Object.entries(odd)) {
      assert.equal(weAccept(token, key), false, title)
    }
    for (const title of ['an unknown extension', 'a JWT within a JWT', 'a list of claims']) {
      assert.equal(await joseAccepts(odd[title] ?? '', key), false, title)
    }
  }
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
