import { CONTENT_ENCRYPTION, generateSigningKey, KEY_MANAGEMENT } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '../config.ts'
import { RESPONSE_MODES } from '../response-modes.ts'
import { SERVICE } from '../testing/index.ts'
import {
  ENCRYPTED,
  messageRegistrationRules,
  mustSignRequests,
  responseModesOf,
  termsOf,
} from './message.rules.ts'
import type { Registration } from './metadata.ts'

const CLIENT = {
  client_id: 'web',
  redirect_uris: ['https://web.example/cb'],
  jwks: { keys: [generateSigningKey('ES256').publicJwk] },
}
const of = (change: object, service: Partial<Service> = {}): Registration => ({
  metadata: { ...CLIENT, ...change },
  service: { ...SERVICE, requestObjectEncryption: KEY_MANAGEMENT, ...service },
})
const SIGNED_MODES = ['jwt', 'query.jwt', 'form_post.jwt'] as const
const SIGNING: Partial<Service> = { requireSignedRequests: true, responseModes: SIGNED_MODES }
const signedUserinfo = { userinfo_signed_response_alg: 'ES256' }

const FORBIDDEN = ['RSA1_5', 'RSA-OAEP', 'dir', 'A128KW', 'PBES2-HS256+A128KW', 'ECDH-es', 'none']

proveRule(messageRegistrationRules, 'JARM-06', {
  good: of({
    ...signedUserinfo,
    ...Object.fromEntries(ENCRYPTED.map((name) => [`${name}_alg`, 'ECDH-ES+A256KW'])),
    authorization_encrypted_response_enc: 'A256GCM',
  }),
  refuses: Object.fromEntries(
    ENCRYPTED.flatMap((name) => [
      ...FORBIDDEN.map((alg) => [
        `${name}_alg ${alg}`,
        of({ ...signedUserinfo, [`${name}_alg`]: alg }),
      ]),
      [
        `${name}_enc of 192 bits`,
        of({ ...signedUserinfo, [`${name}_alg`]: 'ECDH-ES', [`${name}_enc`]: 'A192GCM' }),
      ],
      [`${name}_enc without alg`, of({ ...signedUserinfo, [`${name}_enc`]: 'A256GCM' })],
    ]),
  ),
})

test('JARM-06 every algorithm of the metadata can be registered', () => {
  for (const name of ENCRYPTED)
    for (const alg of KEY_MANAGEMENT)
      for (const enc of CONTENT_ENCRYPTION) {
        const registration = of({ ...signedUserinfo, [`${name}_alg`]: alg, [`${name}_enc`]: enc })
        for (const { holds, reason } of messageRegistrationRules)
          assert.ok(holds(registration), reason)
      }
})

proveRule(messageRegistrationRules, 'JAR-09', {
  good: of({ request_object_encryption_alg: 'RSA-OAEP-256' }),
  refuses: {
    'encryption of requests where there is no key for any': of(
      { request_object_encryption_alg: 'RSA-OAEP-256' },
      { requestObjectEncryption: [] },
    ),
    'encryption of requests where there are keys for another': of(
      { request_object_encryption_alg: 'RSA-OAEP-256' },
      { requestObjectEncryption: ['ECDH-ES'] },
    ),
  },
})

proveRule(messageRegistrationRules, 'INT-09', {
  good: of({ ...signedUserinfo, userinfo_encrypted_response_alg: 'ECDH-ES' }),
  refuses: {
    'userinfo that is encrypted and not signed': of({ userinfo_encrypted_response_alg: 'ECDH-ES' }),
  },
})

proveRule(messageRegistrationRules, 'JAR-06', {
  good: of({ require_signed_request_object: false }),
  refuses: {
    'a client that need not sign, at a service where all have to': of(
      { require_signed_request_object: false },
      SIGNING,
    ),
    'a client that need not sign, though its own profile says so': of({
      require_signed_request_object: false,
      profile: 'fapi2-message-signing',
    }),
    'a client that encrypts what it need not sign': of({
      require_signed_request_object: false,
      request_object_encryption_alg: 'ECDH-ES',
    }),
    'a client of the lesser profile, at a service where all have to sign': of(
      { require_signed_request_object: false, profile: 'fapi2-security' },
      SIGNING,
    ),
  },
})

proveRule(messageRegistrationRules, 'MS-JAR-10', {
  good: of({ response_modes: ['form_post.jwt', 'query'] }),
  refuses: {
    'no mode at all': of({ response_modes: [] }),
    'the fragment': of({ response_modes: ['jwt', 'fragment'] }),
    'a name of every object': of({ response_modes: ['constructor'] }),
    'an unsigned mode where all are signed': of({ response_modes: ['jwt', 'query'] }, SIGNING),
    'an unsigned mode of a client that takes signed answers': of({
      response_modes: ['query'],
      profile: 'fapi2-message-signing',
    }),
    'a mode the service does not offer': of(
      { response_modes: ['form_post'] },
      { responseModes: ['query'] },
    ),
    'signed answers where the service offers none': of(
      { profile: 'fapi2-message-signing' },
      { responseModes: ['query', 'form_post'] },
    ),
  },
})

test('MS-JAR-10 no response_modes means all that are offered to the client', () => {
  assert.deepEqual(responseModesOf(of({})), RESPONSE_MODES)
  assert.deepEqual(responseModesOf(of({}, SIGNING)), SIGNED_MODES)
  assert.deepEqual(responseModesOf(of({ profile: 'fapi2-message-signing' })), SIGNED_MODES)
  assert.deepEqual(responseModesOf(of({ response_modes: ['jwt'] })), ['jwt'])
})

test('JAR-06 a client has to sign its requests for its service, its profile, itself, or to encrypt them', () => {
  assert.equal(mustSignRequests(of({})), false)
  for (const registration of [
    of({}, SIGNING),
    of({ profile: 'fapi2-message-signing' }),
    of({ require_signed_request_object: true }),
    of({ request_object_encryption_alg: 'ECDH-ES' }),
  ])
    assert.equal(mustSignRequests(registration), true)
})

test('MS-JAR-01 MS-JARM-01 a profile can be tightened for one client, and for no client loosened', () => {
  const lax = { requireSignedRequests: false, responseModes: RESPONSE_MODES }
  const strict = { requireSignedRequests: true, responseModes: SIGNED_MODES }
  assert.deepEqual(termsOf(of({})), lax)
  assert.deepEqual(termsOf(of({ profile: 'fapi2-security' })), lax)
  assert.deepEqual(termsOf(of({ profile: 'fapi2-message-signing' })), strict)
  for (const profile of [undefined, 'fapi2-security', 'fapi2-message-signing', '__proto__'])
    assert.deepEqual(termsOf(of({ profile }, SIGNING)), strict)
})
