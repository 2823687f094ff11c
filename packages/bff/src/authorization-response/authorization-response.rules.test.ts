import {
  decodeJwt,
  encryptJwt,
  exportDecryptionJwk,
  generateEncryptionKey,
  generateSigningKey,
  importDecryptionJwk,
  importEncryptionKeys,
  importJwks,
  Refused,
  signJwt,
  type JsonObject,
} from '@signet/protocol'
import { assemble, forge, forgeries, oneOfEachKind } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecryption } from '../oauth/decryption.ts'
import { proveReason } from '../testing/prove-reason.ts'
import {
  authorizationResponseRules,
  responseSignatureRules,
  type PresentedResponse,
} from './authorization-response.rules.ts'
import { verifyAuthorizationResponse, type ResponseContext } from './verify.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const CLAIMS: JsonObject = { iss: ISSUER, aud: 'bank', exp: NOW + 300, state: 'S', code: 'C' }

const saying = (claims: object, header: object = {}): PresentedResponse => ({
  header: { alg: 'ES256', typ: 'JWT', ...header },
  claims: { ...CLAIMS, ...claims },
  issuer: ISSUER,
  clientId: 'bank',
  now: NOW,
})
const good = saying({})
const prove = (reason: string, refuses: Readonly<Record<string, PresentedResponse>>): void =>
  proveReason(authorizationResponseRules, reason, { good, refuses })

prove(
  'authorization_response_typ',
  Object.fromEntries(
    ['at+jwt', 'logout+jwt', 'oauth-authz-req+jwt', 'token-introspection+jwt', ''].map((typ) => [
      `typ ${typ}`,
      saying({}, { typ }),
    ]),
  ),
)
prove('authorization_response_alg', {
  none: saying({}, { alg: 'none' }),
  RS256: saying({}, { alg: 'RS256' }),
  HS256: saying({}, { alg: 'HS256' }),
})
prove('authorization_response_iss', {
  'another issuer': saying({ iss: 'https://evil.example' }),
  'an issuer with a slash more': saying({ iss: `${ISSUER}/` }),
  'a list of issuers': saying({ iss: [ISSUER] }),
  'no issuer': saying({ iss: undefined }),
})
prove('authorization_response_aud', {
  'another client': saying({ aud: 'shop' }),
  'several clients': saying({ aud: ['bank', 'shop'] }),
  'no client': saying({ aud: [] }),
  'none at all': saying({ aud: undefined }),
})
prove('authorization_response_exp', {
  'the past': saying({ exp: NOW - 5 }),
  'a text': saying({ exp: String(NOW + 60) }),
  'none at all': saying({ exp: undefined }),
})
prove('authorization_response_nbf', {
  'a response from the future': saying({ iat: NOW + 31 }),
  'a response for later': saying({ nbf: NOW + 31 }),
  'a text': saying({ nbf: String(NOW) }),
})
prove('authorization_response_claims', {
  'no state': saying({ state: undefined }),
  'a state that is a list': saying({ state: ['S'] }),
  'neither code nor error': saying({ code: undefined }),
  'a code and an error': saying({ error: 'access_denied' }),
  'a code that is a number': saying({ code: 1 }),
  'an error that is an object': saying({ code: undefined, error: {} }),
})

test('JARM-04 takes what servers send: an error, with and without type, aud as text or list', () => {
  for (const subject of [
    saying({ code: undefined, error: 'access_denied' }),
    saying({}, { typ: undefined }),
    saying({}, { typ: 'jwt' }),
    saying({ aud: ['bank'] }),
    saying({ iat: NOW, nbf: NOW + 30 }),
  ]) {
    for (const rule of authorizationResponseRules) assert.ok(rule.holds(subject), rule.reason)
  }
})

const key = generateSigningKey('ES256')
const keys = importJwks({ keys: [key.publicJwk] }).keys
const HEADER = { typ: 'JWT', kid: key.kid }
const response = forge({ ...HEADER, alg: 'ES256' }, CLAIMS, key)

proveReason(responseSignatureRules, 'authorization_response_signature', {
  good: { jwt: decodeJwt(response), keys },
  refuses: {
    'the key of somebody else': {
      jwt: decodeJwt(response),
      keys: importJwks({ keys: [{ ...generateSigningKey('ES256').publicJwk, kid: key.kid }] }).keys,
    },
    'no key at all': { jwt: decodeJwt(response), keys: [] },
  },
})

const own = generateEncryptionKey('ECDH-ES')
const stranger = generateEncryptionKey('ECDH-ES')

const context = (members: Partial<ResponseContext> = {}): ResponseContext => ({
  issuer: ISSUER,
  clientId: 'bank',
  keys: { find: async () => keys },
  decryption: createDecryption([importDecryptionJwk(exportDecryptionJwk(own))]),
  now: NOW,
  ...members,
})
const sealed = (text: string, reader = own): Promise<string> =>
  encryptJwt(text, {
    alg: 'ECDH-ES',
    enc: 'A256GCM',
    keys: importEncryptionKeys({ keys: [reader.publicJwk] }).keys,
  })

for (const [title, forged] of Object.entries(forgeries(HEADER, CLAIMS, key))) {
  test(`MS-JARM-04 refuses ${title}`, async () => {
    await assert.rejects(verifyAuthorizationResponse(forged, context()), Refused)
  })
  test(`JWT-02 refuses ${title}, encrypted`, async () => {
    await assert.rejects(verifyAuthorizationResponse(await sealed(forged), context()), Refused)
  })
}

test('JARM-04 takes a signed response, encrypted to a key of the client or not at all', async () => {
  for (const each of [response, await sealed(response)]) {
    assert.equal((await verifyAuthorizationResponse(each, context())).state, 'S')
  }
})

const undecryptable: Readonly<Record<string, () => Promise<string>>> = {
  'to somebody else': () => sealed(response, stranger),
  'without a signature inside': () => sealed(JSON.stringify(CLAIMS)),
  'around a JWT without signature': () => sealed(assemble({ alg: 'none' }, CLAIMS, '')),
  twice: async () => sealed(await sealed(response)),
  'and then altered': async () => `${(await sealed(response)).slice(0, -4)}AAAA`,
}
for (const [title, forged] of Object.entries(undecryptable)) {
  test(`JARM-04 refuses a response that was encrypted ${title}`, async () => {
    await assert.rejects(
      forged().then((each) => verifyAuthorizationResponse(each, context())),
      (error) =>
        error instanceof Refused && error.evidence.reason === 'authorization_response_malformed',
    )
  })
}

test('JARM-04 refuses an encrypted response where the client has no key for it', async () => {
  const decryption = createDecryption([])
  await assert.rejects(
    verifyAuthorizationResponse(await sealed(response), context({ decryption })),
    Refused,
  )
})

test('JARM-05 asks for no key before it knows that its own server is meant', async () => {
  let asked = 0
  const find = async (): Promise<typeof keys> => {
    asked += 1
    return keys
  }
  for (const claims of [{ iss: 'https://evil.example' }, { iss: undefined }, { aud: 'shop' }]) {
    const forged = forge({ ...HEADER, alg: 'ES256' }, { ...CLAIMS, ...claims }, key)
    await assert.rejects(verifyAuthorizationResponse(forged, context({ keys: { find } })), Refused)
  }
  assert.equal(asked, 0)
})

// One key for everything and one name for everybody: nothing but its kind tells a response apart.
for (const [kind, token] of oneOfEachKind({ key, issuer: ISSUER, who: 'bank', now: NOW })) {
  if (kind === 'authorization response') continue
  test(`JWT-09 one of the kind ${kind} is not taken for an authorization response`, async () => {
    const { header, claims } = decodeJwt(token)
    const untyped = signJwt({}, claims, key)
    const typed = signJwt({ typ: header.typ ?? 'JWT' }, { ...CLAIMS, ...claims }, key)
    // Of what has no type of its own, the parameters alone make a response: no server adds them to anything else.
    const others = header.typ === 'JWT' ? [token, untyped] : [token, untyped, typed]
    for (const other of others) {
      await assert.rejects(verifyAuthorizationResponse(other, context()), Refused)
    }
  })
}
