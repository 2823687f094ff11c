import { isContentEncryption, isKeyManagement, type Rule } from '@signet/protocol'
import { isResponseMode, type ResponseMode } from '../response-modes.ts'
import { invalid, shown, text, texts, type Metadata, type Registration } from './metadata.ts'
import { isProfile, TERMS, type ProfileTerms } from './profile.ts'

/** What is encrypted, by the beginning of the names of its two members. */
export const ENCRYPTED = [
  'request_object_encryption',
  'authorization_encrypted_response',
  'id_token_encrypted_response',
  'userinfo_encrypted_response',
  'introspection_encrypted_response',
] as const

const unknownEncryption = (metadata: Metadata): readonly string[] =>
  ENCRYPTED.filter((name) => {
    const [alg, enc] = [metadata[`${name}_alg`], metadata[`${name}_enc`]]
    if (alg === undefined) return enc !== undefined
    return !isKeyManagement(alg) || (enc !== undefined && !isContentEncryption(enc))
  })

/** What the service leaves to every client, and the profile of this one to it. */
export function termsOf({ metadata, service }: Registration): ProfileTerms {
  const name = text(metadata, 'profile')
  const own = TERMS[isProfile(name) ? name : 'fapi2-security']
  return {
    requireSignedRequests: service.requireSignedRequests || own.requireSignedRequests,
    responseModes: service.responseModes.filter((mode) => own.responseModes.includes(mode)),
  }
}

/** Whether a client has to sign its requests. Who encrypts them has to: nothing else is found inside (RFC 9101 §6.1). */
export function mustSignRequests(registration: Registration): boolean {
  const { require_signed_request_object: own, request_object_encryption_alg: encryption } =
    registration.metadata
  return termsOf(registration).requireSignedRequests || own === true || encryption !== undefined
}

/** The response modes a client may use: those it registered, or all there are for it (MS-JAR-10). */
export function responseModesOf(registration: Registration): readonly ResponseMode[] {
  return registration.metadata['response_modes'] === undefined
    ? termsOf(registration).responseModes
    : texts(registration.metadata, 'response_modes').filter(isResponseMode)
}

/** What a client may say about signed and encrypted messages. Read beside FAPI 2.0 Message Signing §5.3 to §5.5. */
export const messageRegistrationRules: readonly Rule<Registration>[] = [
  {
    id: 'JARM-06',
    reason: 'client_encryption_unknown',
    says: 'registers encryption by the algorithms it knows, which are few',
    holds: ({ metadata }) => unknownEncryption(metadata).length === 0,
    otherwise: invalid('an encryption algorithm is not supported'),
    expected: () =>
      'alg RSA-OAEP-256, ECDH-ES, ECDH-ES+A128KW or ECDH-ES+A256KW; enc A128GCM, A256GCM, A128CBC-HS256 or A256CBC-HS512, and none without alg',
    received: ({ metadata }) =>
      unknownEncryption(metadata)
        .map((name) => `${shown(metadata, `${name}_alg`)}, ${shown(metadata, `${name}_enc`)}`)
        .join('; '),
    remedy: 'Choose among these; RSA1_5 is not safe.',
  },
  {
    id: 'JAR-09',
    reason: 'client_request_encryption_without_key',
    says: 'registers only such encryption of request objects as it has a key for',
    holds: ({ metadata: { request_object_encryption_alg: alg }, service }) =>
      !isKeyManagement(alg) || service.requestObjectEncryption.includes(alg),
    otherwise: invalid('the server has no key for request_object_encryption_alg'),
    expected: ({ service }) =>
      `one of: ${service.requestObjectEncryption.join(', ') || 'none, so unencrypted'}`,
    received: ({ metadata }) => shown(metadata, 'request_object_encryption_alg'),
    remedy: 'Add the algorithm to request_object_encryption of the service, or leave it out here.',
  },
  {
    id: 'INT-09',
    reason: 'client_userinfo_encrypted_unsigned',
    says: 'registers encryption of userinfo only with a signature inside',
    holds: ({ metadata }) =>
      metadata['userinfo_encrypted_response_alg'] === undefined ||
      metadata['userinfo_signed_response_alg'] !== undefined,
    otherwise: invalid('userinfo_encrypted_response_alg needs userinfo_signed_response_alg'),
    expected: () => 'userinfo_signed_response_alg too',
    received: () => 'userinfo_encrypted_response_alg alone',
    remedy: 'Register userinfo_signed_response_alg: what is encrypted is signed first.',
  },
  {
    id: 'JAR-06',
    reason: 'client_unsigned_requests',
    says: 'lets no client out of signing its requests where it has to',
    holds: (registration) =>
      registration.metadata['require_signed_request_object'] !== false ||
      !mustSignRequests(registration),
    otherwise: invalid('require_signed_request_object must be true'),
    expected: () => 'require_signed_request_object true, or none',
    received: ({ metadata }) => shown(metadata, 'require_signed_request_object'),
    remedy:
      'Sign requests, or choose another profile for client and service and register no request_object_encryption_alg.',
  },
  {
    id: 'MS-JAR-10',
    reason: 'client_response_modes_unsupported',
    says: 'registers response modes that are offered to the client, and at least one',
    holds: (registration) => {
      const asked = registration.metadata['response_modes']
      const offered: readonly string[] = termsOf(registration).responseModes
      const modes = texts(registration.metadata, 'response_modes')
      return (
        offered.length > 0 &&
        (asked === undefined || (modes.length > 0 && modes.every((mode) => offered.includes(mode))))
      )
    },
    otherwise: invalid('response_modes is empty or has a mode that is not offered'),
    expected: (registration) =>
      `response_modes among: ${termsOf(registration).responseModes.join(' ')}`,
    received: ({ metadata }) => shown(metadata, 'response_modes'),
    remedy: 'Choose among these; the profile fapi2-message-signing has signed ones only.',
  },
]
