import { CompactEncrypt, createRemoteJWKSet, importJWK, jwtVerify, type JWK } from 'jose'
import * as client from 'openid-client'
import { readDecryptionKey, readSigningKey, type DemoClient } from './demo.ts'
import { refused } from './refusal.ts'
import type { Pending, Session, Tokens } from './session.ts'
import { isSealed } from './wire.ts'

type Parameters_ = Readonly<Record<string, string>>

/** What the messages between client and server look like. */
export interface Messages {
  readonly metadata: Partial<client.ClientMetadata>
  /** Completes a sentence: how the client says what it wants. */
  readonly wording: string
  prepare(config: client.Configuration): void
  checkMetadata(session: Session): void
  /** @returns the link for the browser */
  push(session: Session, parameters: Parameters_): Promise<URL>
  checkAnswer(session: Session, answer: URL, pending: Pending): Promise<void>
  checkTokens(session: Session, tokens: Tokens): void
  checkUserinfo(session: Session): void
  checkIntrospection(session: Session): void
}

/** Parameters, and JSON; only tokens and assertions are signed. */
export const plainMessages: Messages = {
  metadata: { id_token_signed_response_alg: 'ES256' },
  wording: '',
  prepare: () => undefined,
  checkMetadata: () => undefined,
  push: ({ config, held }, parameters) =>
    client.buildAuthorizationUrlWithPAR(config, { ...parameters }, held.options),
  checkAnswer({ demo, tell }, { searchParams }, { expectedState }) {
    tell.check('it says which server sent it (iss)', searchParams.get('iss') === demo.issuer)
    tell.check('it answers this request (state)', searchParams.get('state') === expectedState)
    return Promise.resolve()
  },
  checkTokens: () => undefined,
  checkUserinfo: () => undefined,
  checkIntrospection: () => undefined,
}

const LONGEST_ANSWER_SECONDS = 600
const ENCRYPTION = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' }

/** Whatever is said is signed, and what others should not read is encrypted (FAPI 2.0 Message Signing). */
export async function signedMessages({
  client_key,
  encryption_key,
  client_id,
}: DemoClient): Promise<Messages> {
  const signingKey = await readSigningKey(client_key)
  const decryptionKey = await readDecryptionKey(encryption_key)
  const { alg, enc } = ENCRYPTION
  return {
    metadata: {
      authorization_signed_response_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      userinfo_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
    },
    wording: ', in one JWT that it has signed and then encrypted to the server',
    prepare(config) {
      client.useJwtResponseMode(config)
      client.enableDecryptingResponses(config, [enc], { ...decryptionKey, alg })
    },
    checkMetadata({ config, tell }) {
      const server = config.serverMetadata()
      const modes = server.response_modes_supported ?? []
      tell.check(
        'signed requests are taken',
        'request_object_signing_alg_values_supported' in server,
      )
      tell.check('answers can be had as one signed JWT', modes.includes('jwt'))
      const algorithms = server['request_object_encryption_alg_values_supported']
      tell.check(
        'requests can be encrypted to the server',
        Array.isArray(algorithms) && algorithms.includes(alg),
      )
    },
    async push({ config, held, tell, wire }, parameters) {
      const unsigned = await refused(() =>
        client.buildAuthorizationUrlWithPAR(config, { ...parameters }, held.options),
      )
      tell.check('unsigned it is refused', unsigned?.code === 'invalid_request')
      const { searchParams } = await client.buildAuthorizationUrlWithJAR(
        config,
        { ...parameters },
        signingKey,
      )
      const { jwks_uri = '' } = config.serverMetadata()
      searchParams.set('request', await sealed(searchParams.get('request') ?? '', jwks_uri))
      const link = await client.buildAuthorizationUrlWithPAR(config, searchParams, held.options)
      const beside = wire.latest('par').sent.filter((name) => !name.startsWith('client_assertion'))
      tell.check(
        'signed and encrypted it is taken, and nothing stands beside it but who sends it',
        beside.join() === 'client_id,request',
      )
      return link
    },
    async checkAnswer({ demo, config, tell }, { searchParams }, { expectedState }) {
      tell.check(
        'it is one JWT, and nothing beside',
        [...searchParams.keys()].join() === 'response',
      )
      const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
      const { payload } = await jwtVerify(searchParams.get('response') ?? '', keys)
      tell.check('the server has signed it', true)
      tell.check('it says which server sent it (iss)', payload.iss === demo.issuer)
      tell.check('it is for this client (aud)', payload.aud === client_id)
      const left = (payload.exp ?? Infinity) - Date.now() / 1_000
      tell.check('it is good for ten minutes at most (exp)', left <= LONGEST_ANSWER_SECONDS)
      tell.check('it answers this request (state)', payload['state'] === expectedState)
    },
    checkTokens({ tell }, { id_token = '' }) {
      tell.check('the ID token came encrypted: only this client can read it', isSealed(id_token))
    },
    checkUserinfo({ tell, wire }) {
      tell.check('that came signed, and encrypted as well', isSealed(wire.latest('userinfo').body))
    },
    checkIntrospection({ tell, wire }) {
      const { contentType } = wire.latest('introspect')
      tell.check(
        'the answer is a signed JWT, which can be kept as evidence',
        contentType === 'application/token-introspection+jwt',
      )
    },
  }
}

/** Encrypts a request object to the server, with the key it publishes for that. */
async function sealed(request: string, jwksUri: string): Promise<string> {
  const { keys }: { keys: readonly JWK[] } = JSON.parse(await (await fetch(jwksUri)).text())
  const jwk = keys.find(({ use, kty }) => use === 'enc' && kty === 'EC')
  if (jwk?.kid === undefined) throw new Error('the server publishes no key to encrypt to')
  return new CompactEncrypt(new TextEncoder().encode(request))
    .setProtectedHeader({ ...ENCRYPTION, cty: 'JWT', kid: jwk.kid })
    .encrypt(await importJWK(jwk, ENCRYPTION.alg))
}
