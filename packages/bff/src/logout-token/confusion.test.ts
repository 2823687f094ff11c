import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeJwt,
  generateSigningKey,
  Refused,
  signJwt,
  verificationKeyOf,
} from '@signet/protocol'
import { oneOfEachKind } from '@signet/protocol/testing'
import { createDecryption } from '../oauth/decryption.ts'
import { verifyLogoutToken, type LogoutContext } from './verify.ts'

// One key for everything and one name for everybody: nothing but its kind tells a logout token apart.

const key = generateSigningKey('ES256')
const context: LogoutContext = {
  issuer: 'https://as.example',
  clientId: 'bank',
  keys: { find: async () => [verificationKeyOf(key)] },
  decryption: createDecryption([]),
  now: 1_800_000_000,
  first: async () => true,
}
const { issuer, clientId: who, now } = context
const kinds = oneOfEachKind({ key, issuer, who, now })
const { claims: ofLogout } = decodeJwt(kinds.get('logout token') ?? '')

for (const [kind, token] of kinds) {
  if (kind === 'logout token') {
    test(`JWT-09 LOG-08 a ${kind} is taken for one`, async () => {
      assert.ok(await verifyLogoutToken(token, context))
    })
    continue
  }
  test(`JWT-09 LOG-08 one of the kind ${kind} is not taken for a logout token`, async () => {
    const { header, claims } = decodeJwt(token)
    const untyped = signJwt({}, claims, key)
    const typed = signJwt({ typ: header.typ ?? 'JWT' }, { ...ofLogout, ...claims }, key)
    // Of what has no type of its own, `events` alone makes a logout token: no server adds it to anything else.
    const others = header.typ === 'JWT' ? [token, untyped] : [token, untyped, typed]
    for (const other of others) await assert.rejects(verifyLogoutToken(other, context), Refused)
  })
}
