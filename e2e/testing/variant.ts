import {
  exportPrivateJwk,
  generateSigningKey,
  type Algorithm,
  type SigningKey,
} from '@signet/protocol'
import type { JwksServer } from './jwks-server.ts'

/** One way to be a client of the profile. */
export interface Variant {
  readonly clientId: string
  /** Of the client assertion. */
  readonly algorithm: Algorithm
  readonly proofAlgorithm: Algorithm
  readonly publishes: 'jwks' | 'jwks_uri'
  readonly tokens: 'jwt' | 'opaque'
  readonly scope: string
  readonly userinfo?: 'json' | 'jwt'
}

/** Every choice at least once, and each algorithm in each place. */
export const VARIANTS: readonly Variant[] = [
  {
    clientId: 'ec-json',
    algorithm: 'ES256',
    proofAlgorithm: 'ES256',
    publishes: 'jwks',
    tokens: 'jwt',
    scope: 'openid profile email accounts offline_access',
    userinfo: 'json',
  },
  {
    clientId: 'rsa-opaque',
    algorithm: 'PS256',
    proofAlgorithm: 'PS256',
    publishes: 'jwks_uri',
    tokens: 'opaque',
    scope: 'openid profile offline_access',
    userinfo: 'jwt',
  },
  {
    clientId: 'ed-oauth',
    algorithm: 'Ed25519',
    proofAlgorithm: 'Ed25519',
    publishes: 'jwks',
    tokens: 'jwt',
    scope: 'accounts offline_access',
  },
  {
    clientId: 'mixed-oauth',
    algorithm: 'Ed25519',
    proofAlgorithm: 'PS256',
    publishes: 'jwks_uri',
    tokens: 'opaque',
    scope: 'accounts payments offline_access',
  },
]

export const REDIRECT_URI = 'https://client.example/callback'
export const AFTER_LOGOUT = 'https://client.example/bye'

/** A variant with its key, and how it is registered. */
export interface Registered extends Variant {
  readonly key: SigningKey
  readonly metadata: object
}

export function register(variant: Variant, jwksServer: JwksServer): Registered {
  const { clientId, algorithm, publishes, tokens, scope, userinfo } = variant
  const key = generateSigningKey(algorithm)
  const keys = [key.publicJwk]
  const metadata = {
    client_id: clientId,
    redirect_uris: [REDIRECT_URI],
    post_logout_redirect_uris: [AFTER_LOGOUT],
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope,
    access_token_format: tokens,
    dpop_bound_access_tokens: true,
    ...(publishes === 'jwks'
      ? { jwks: { keys } }
      : { jwks_uri: jwksServer.publish(clientId, keys) }),
    ...(userinfo === 'jwt' && { userinfo_signed_response_alg: 'ES256' }),
  }
  return { ...variant, key, metadata }
}

/** The key as the libraries take it. */
export async function webKeyOf(
  key: SigningKey,
): Promise<{ readonly key: CryptoKey; readonly kid: string }> {
  const jwk = exportPrivateJwk(key)
  return {
    key: await crypto.subtle.importKey('jwk', jwk, webAlgorithm(key.algorithm), false, ['sign']),
    kid: key.kid,
  }
}

function webAlgorithm(algorithm: Algorithm): Algorithms {
  switch (algorithm) {
    case 'ES256':
      return { name: 'ECDSA', namedCurve: 'P-256' }
    case 'PS256':
      return { name: 'RSA-PSS', hash: 'SHA-256' }
    case 'EdDSA':
    case 'Ed25519':
      return { name: 'Ed25519' }
  }
}

type Algorithms = EcKeyImportParams | RsaHashedImportParams | { readonly name: 'Ed25519' }
