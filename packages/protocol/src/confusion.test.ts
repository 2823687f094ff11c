import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decodeJwt, MalformedJwt } from './jose/decode.ts'
import { generateSigningKey } from './jose/generate-signing-key.ts'
import type { JsonObject } from './jose/json-object.ts'
import { Refused } from './rules/refusal.ts'
import {
  oneOfEachKind,
  verifiersOfEachKind,
  type Kind,
  type SmallWorld,
} from './testing/every-kind.ts'
import { forge, type Part } from './testing/jwt-forge.ts'

// One key for everything and one name for everybody: nothing but the kind of the JWT is left to tell
// them apart. Real deployments are never this careless.

const world: SmallWorld = {
  key: generateSigningKey('ES256'),
  issuer: 'https://as.example',
  who: 'bank',
  now: 1_800_000_000,
}
const kinds = [...oneOfEachKind(world)].map(([kind, token]) => {
  const { header, claims } = decodeJwt(token)
  return { kind, token, header, claims }
})
const verifiers = verifiersOfEachKind(world)

/** The types a verifier takes; undefined stands for none. */
const TYPES: ReadonlyMap<Kind, readonly (string | undefined)[]> = new Map([
  ['client assertion', [undefined, 'JWT', 'client-authentication+jwt']],
  ['DPoP proof', ['dpop+jwt']],
  ['request object', [undefined, 'JWT', 'oauth-authz-req+jwt']],
  ['access token', ['at+jwt']],
  ['ID token', [undefined, 'JWT']],
  ['introspection response', ['token-introspection+jwt']],
])
const OTHERS = ['logout+jwt', 'statuslist+jwt', 'secevent+jwt', 'jose', '']
const everyType = new Set([...[...TYPES.values()].flat(), ...OTHERS])

/** The members of a proof's header, for whoever looks for them there. */
const { kid: _kid, use: _use, alg: _alg, ...jwk } = world.key.publicJwk
const signed = (header: object, claims: Part): string =>
  forge({ alg: 'ES256', jwk, ...header }, claims, world.key)

function accepts(verify: (token: string) => unknown, token: string): boolean {
  try {
    return verify(token) !== false
  } catch (error) {
    assert.ok(error instanceof Refused || error instanceof MalformedJwt, String(error))
    return false
  }
}

function claimsOf(wanted: Kind): JsonObject {
  return kinds.find(({ kind }) => kind === wanted)?.claims ?? {}
}

for (const [wanted, verify] of verifiers) {
  describe(`where one wants the kind ${wanted}`, () => {
    for (const { kind, token } of kinds) {
      test(`JWT-09 one of the kind ${kind} is ${kind === wanted ? 'accepted' : 'refused'}`, () => {
        assert.equal(accepts(verify, token), kind === wanted)
      })
    }

    test('JWT-09 none of another kind is accepted for having no type, or one that many have', () => {
      for (const { kind, header, claims } of kinds.filter((each) => each.kind !== wanted)) {
        for (const typ of [undefined, 'JWT']) {
          assert.equal(accepts(verify, signed({ ...header, typ }, claims)), false, kind)
        }
      }
    })

    test('JWT-09 none of another kind is accepted for saying besides what this kind says', () => {
      for (const { kind, header, claims } of kinds.filter(canSayMoreThan(wanted))) {
        const everything = { ...claimsOf(wanted), ...claims }
        for (const typ of [header.typ, ...(TYPES.get(kind) ?? [])]) {
          assert.equal(accepts(verify, signed({ ...header, typ }, everything)), false, kind)
        }
      }
    })

    for (const typ of everyType) {
      const fits = TYPES.get(wanted)?.includes(typ) === true
      test(`JWT-11 with all claims and typ ${typ ?? 'absent'} it ${fits ? 'is' : 'is not'} one`, () => {
        assert.equal(accepts(verify, signed({ typ }, claimsOf(wanted))), fits)
      })
    }

    test('JWT-09 an encrypted JWT is none, and neither is a JWT within a JWT', () => {
      for (const { token, header } of kinds) {
        assert.equal(accepts(verify, `${token}.${token.split('.')[2] ?? ''}.x`), false)
        assert.equal(accepts(verify, signed({ ...header, cty: 'JWT' }, token)), false)
      }
    })
  })
}

/**
 * A userinfo response differs from an ID token in that it has neither `iat` nor `exp`, and in nothing else: OpenID Connect
 * gives it no type. With them, it would be one.
 */
function canSayMoreThan(wanted: Kind): (other: { readonly kind: Kind }) => boolean {
  return ({ kind }) => kind !== wanted && !(wanted === 'ID token' && kind === 'userinfo response')
}

/** What tells JWTs apart, in values that some verifier wants. */
const { issuer, who, now } = world
const TELLING: readonly (readonly [claim: string, value: unknown])[] = [
  ['iss', issuer],
  ['iss', who],
  ['sub', who],
  ['sub', 'alice'],
  ['aud', issuer],
  ['aud', who],
  ['aud', [issuer, who]],
  ['client_id', who],
  ['iat', now],
  ['nbf', now],
  ['exp', now + 60],
  ['jti', 'x'],
  ['htm', 'POST'],
  ['htu', `${issuer}/token`],
  ['token_introspection', { active: true }],
  ['response_type', 'code'],
  ['nonce', 'n'],
  ['events', {}],
  ['code', 'c'],
]
const doubtful = fc.record({
  from: fc.constantFrom(...kinds),
  added: fc.subarray([...TELLING], { maxLength: 6 }),
  removed: fc.subarray(['iss', 'sub', 'client_id', 'response_type', 'nonce']),
  typ: fc.constantFrom(...everyType),
})

test('JWT-09 whatever a JWT says, it is of one kind at most', () => {
  const taken = new Set<Kind>()
  fc.assert(
    fc.property(doubtful, ({ from: { claims }, added, removed, typ }) => {
      const left = Object.entries(claims).filter(([name]) => !removed.includes(name))
      const token = signed({ typ }, { ...Object.fromEntries(left), ...Object.fromEntries(added) })
      const takers = [...verifiers].filter(([, verify]) => accepts(verify, token))
      for (const [kind] of takers) taken.add(kind)
      assert.ok(takers.length <= 1, takers.map(([kind]) => kind).join(' and '))
    }),
    { numRuns: 2_000, seed: 9 },
  )
  // Otherwise nothing was proved.
  assert.deepEqual([...taken].toSorted(), [...verifiers.keys()].toSorted())
})
