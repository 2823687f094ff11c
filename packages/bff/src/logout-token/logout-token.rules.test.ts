import {
  decodeJwt,
  encryptJwt,
  generateEncryptionKey,
  generateSigningKey,
  importEncryptionKeys,
  LOGOUT_EVENT,
  Refused,
  type JsonObject,
  type VerificationKey,
} from '@signet/protocol'
import { forge, forgeries } from '@signet/protocol/testing'
import { importJwks } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecryption } from '../oauth/decryption.ts'
import { proveReason } from '../testing/prove-reason.ts'
import {
  logoutSignatureRules,
  logoutTokenRules,
  type PresentedLogoutToken,
} from './logout-token.rules.ts'
import { verifyLogoutToken, type LogoutContext } from './verify.ts'

const NOW = 1_800_000_000
const CLAIMS: JsonObject = {
  iss: 'https://as.example',
  aud: 'bank',
  iat: NOW,
  exp: NOW + 120,
  jti: 'one of its kind',
  sub: 'alice',
  sid: 'sid 1',
  events: { [LOGOUT_EVENT]: {} },
}

const saying = (claims: object, header: object = {}): PresentedLogoutToken => ({
  header: { alg: 'ES256', typ: 'logout+jwt', ...header },
  claims: { ...CLAIMS, ...claims },
  issuer: 'https://as.example',
  clientId: 'bank',
  now: NOW,
})
const good = saying({})
const prove = (reason: string, refuses: Readonly<Record<string, PresentedLogoutToken>>): void =>
  proveReason(logoutTokenRules, reason, { good, refuses })

prove(
  'logout_token_typ',
  Object.fromEntries(
    ['at+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'token-introspection+jwt', ''].map((typ) => [
      `typ ${typ}`,
      saying({}, { typ }),
    ]),
  ),
)
prove('logout_token_alg', {
  none: saying({}, { alg: 'none' }),
  RS256: saying({}, { alg: 'RS256' }),
  HS256: saying({}, { alg: 'HS256' }),
})
prove('logout_token_iss', {
  'another issuer': saying({ iss: 'https://evil.example' }),
  'an issuer with a slash more': saying({ iss: 'https://as.example/' }),
  'no issuer': saying({ iss: undefined }),
})
prove('logout_token_aud', {
  'another client': saying({ aud: 'shop' }),
  'several clients': saying({ aud: ['bank', 'shop'] }),
  'no client': saying({ aud: [] }),
  'none at all': saying({ aud: undefined }),
})
prove('logout_token_iat', {
  'the future': saying({ iat: NOW + 61 }),
  'a text': saying({ iat: String(NOW) }),
  'none at all': saying({ iat: undefined }),
})
prove('logout_token_exp', {
  'the past': saying({ exp: NOW - 5 }),
  'a far future': saying({ exp: NOW + 3_601 }),
  'none at all': saying({ exp: undefined }),
  'a text': saying({ exp: String(NOW + 60) }),
})
prove('logout_token_events', {
  'no events': saying({ events: undefined }),
  'an array': saying({ events: [LOGOUT_EVENT] }),
  'another event': saying({ events: { 'https://schemas.example/other': {} } }),
  'an event that is no object': saying({ events: { [LOGOUT_EVENT]: true } }),
  'an event that is an array': saying({ events: { [LOGOUT_EVENT]: [] } }),
  null: saying({ events: null }),
})
prove('logout_token_nonce', {
  'a nonce': saying({ nonce: 'x' }),
  'an empty nonce': saying({ nonce: '' }),
})
prove('logout_token_whose', {
  nobody: saying({ sub: undefined, sid: undefined }),
  'an empty sid': saying({ sub: undefined, sid: '' }),
  'a sid that is a number': saying({ sid: 7 }),
  'a sub that is a list': saying({ sub: ['alice'] }),
})
prove('logout_token_jti', {
  'no jti': saying({ jti: undefined }),
  'an empty jti': saying({ jti: '' }),
  'a jti without end': saying({ jti: 'x'.repeat(257) }),
})

const key = generateSigningKey('ES256')
const keys = importJwks({ keys: [key.publicJwk] }).keys
const HEADER = { typ: 'logout+jwt', kid: key.kid }
const token = forge({ ...HEADER, alg: 'ES256' }, CLAIMS, key)

proveReason(logoutSignatureRules, 'logout_token_signature', {
  good: { jwt: decodeJwt(token), keys },
  refuses: {
    'the key of somebody else': {
      jwt: decodeJwt(token),
      keys: importJwks({ keys: [{ ...generateSigningKey('ES256').publicJwk, kid: key.kid }] }).keys,
    },
    'no key at all': { jwt: decodeJwt(token), keys: [] },
  },
})

const reader = generateEncryptionKey('ECDH-ES')

const context = (found: readonly VerificationKey[] = keys): LogoutContext => {
  const seen = new Set<string>()
  return {
    issuer: 'https://as.example',
    clientId: 'bank',
    keys: { find: async () => found },
    decryption: createDecryption([reader]),
    now: NOW,
    first: async (jti) => !seen.has(jti) && seen.add(jti).size > 0,
  }
}

for (const [title, forged] of Object.entries(forgeries(HEADER, CLAIMS, key))) {
  test(`LOG-08 refuses ${title}`, async () => {
    await assert.rejects(verifyLogoutToken(forged, context()), Refused)
  })
}

test('LOG-08 refuses a logout token that was used before, and marks none that is not signed', async () => {
  const here = context()
  const unsigned = context([])
  await assert.rejects(verifyLogoutToken(token, { ...unsigned, first: here.first }), Refused)
  assert.equal((await verifyLogoutToken(token, here)).sid, 'sid 1')
  await assert.rejects(
    verifyLogoutToken(token, here),
    (error) => error instanceof Refused && error.evidence.reason === 'logout_token_replayed',
  )
})

test('LOG-08 takes what servers send: with and without type, aud as text or list', () => {
  for (const subject of [
    saying({}, { typ: undefined }),
    saying({}, { typ: 'JWT' }),
    saying({}, { typ: 'application/logout+jwt' }),
    saying({ aud: ['bank'] }),
    saying({ sid: undefined }),
    saying({ sub: undefined }),
  ]) {
    for (const rule of logoutTokenRules) assert.equal(rule.holds(subject), true, rule.reason)
  }
})

test('LOG-08 takes a logout token that was encrypted for this client, and none that only was encrypted', async () => {
  const sealed = (text: string): Promise<string> =>
    encryptJwt(text, {
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      keys: importEncryptionKeys({ keys: [reader.publicJwk] }).keys,
    })
  assert.equal((await verifyLogoutToken(await sealed(token), context())).sid, 'sid 1')
  const stranger = forge({ ...HEADER, alg: 'ES256' }, CLAIMS, generateSigningKey('ES256'))
  for (const text of [JSON.stringify(CLAIMS), stranger]) {
    await assert.rejects(verifyLogoutToken(await sealed(text), context()), Refused)
  }
})
