import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decodeJwt,
  enforce,
  generateSigningKey,
  Refused,
  signJwt,
  verificationKeyOf,
} from '@signet/protocol'
import { oneOfEachKind, type Kind, type SmallWorld } from '@signet/protocol/testing'
import { verifyPlainToken } from './plain-token.ts'
import { statusListRules } from './status-list.rules.ts'

// What the protocol verifies, it proves itself; here is what only a resource server takes.

const world: SmallWorld = {
  key: generateSigningKey('ES256'),
  issuer: 'https://as.example',
  who: 'bank',
  now: 1_800_000_000,
}
const { issuer, key, now } = world
const kinds = oneOfEachKind(world)
const keys = [verificationKeyOf(key)]

const verifiers = new Map<Kind, (token: string) => unknown>([
  [
    'access token',
    (token) => verifyPlainToken(token, { issuer, audience: issuer, keys, now, clockTolerance: 0 }),
  ],
  [
    'status list',
    (token) => {
      const { header, claims } = decodeJwt(token)
      return enforce(statusListRules, {
        header,
        claims,
        issuer,
        uri: `${issuer}/status-lists/1`,
        now,
      })
    },
  ],
])

for (const [wanted, verify] of verifiers) {
  describe(`where a guard wants the kind ${wanted}`, () => {
    for (const [kind, token] of kinds) {
      if (kind === wanted) {
        test(`JWT-09 one of the kind ${kind} is accepted`, () => {
          assert.ok(verify(token))
        })
      } else {
        test(`JWT-09 one of the kind ${kind} is refused, also for saying besides what this kind says`, () => {
          const { header, claims } = decodeJwt(token)
          const wantedClaims = decodeJwt(kinds.get(wanted) ?? '').claims
          const everything = signJwt(
            { typ: header.typ ?? 'JWT' },
            { ...wantedClaims, ...claims },
            key,
          )
          for (const other of [token, everything]) assert.throws(() => verify(other), Refused)
        })
      }
    }
  })
}
