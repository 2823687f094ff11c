import { generateSigningKey, type Algorithm, type SigningKey } from '@signet/protocol'
import * as client from 'openid-client'
import { Browser } from '../flow/browser.ts'
import { REDIRECT_URI, webKeyOf } from './variant.ts'

export const SIGNED_SCOPE = 'openid profile accounts offline_access'

/** A client that signs what it sends, with one key for everything, and wants signed whatever it gets. */
export interface SigningClient {
  readonly clientId: string
  readonly algorithm: Algorithm
  readonly key: SigningKey
}

export function signingClient(clientId: string, algorithm: Algorithm): SigningClient {
  return { clientId, algorithm, key: generateSigningKey(algorithm) }
}

/** How it wants its answers. */
function signedAnswers(alg: Algorithm): Readonly<Record<string, string>> {
  return {
    authorization_signed_response_alg: alg,
    id_token_signed_response_alg: alg,
    userinfo_signed_response_alg: alg,
    introspection_signed_response_alg: alg,
  }
}

/** How it is registered. */
export function signingMetadata({ clientId, key, algorithm }: SigningClient): object {
  return {
    client_id: clientId,
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [key.publicJwk] },
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: SIGNED_SCOPE,
    dpop_bound_access_tokens: true,
    request_object_signing_alg: algorithm,
    ...signedAnswers(algorithm),
  }
}

/** A client in the middle of a flow. */
export interface SigningSession {
  readonly config: client.Configuration
  readonly DPoP: client.DPoPHandle
  readonly key: Awaited<ReturnType<typeof webKeyOf>>
  readonly browser: Browser
}

/** Begins with openid-client, which checks every signature. */
export async function beginSigned(
  issuer: string,
  { clientId, algorithm, key }: SigningClient,
): Promise<SigningSession> {
  const webKey = await webKeyOf(key)
  const authentication = client.PrivateKeyJwt(webKey)
  const metadata = signedAnswers(algorithm)
  const config = await client.discovery(new URL(issuer), clientId, metadata, authentication)
  client.enableNonRepudiationChecks(config)
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  return { config, DPoP, key: webKey, browser: new Browser(new URL(issuer).origin) }
}

export interface SignedRequest {
  readonly link: URL
  readonly checks: client.AuthorizationCodeGrantChecks
}

/**
 * Pushes a signed request object.
 *
 * @param claims what it says beside, or instead of, what the library says
 * @param seal what happens to it before it is sent
 */
export async function pushSigned(
  { config, DPoP, key }: SigningSession,
  claims: Readonly<Record<string, string>> = {},
  seal: (request: string) => Promise<string> | string = (request) => request,
): Promise<SignedRequest> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope: SIGNED_SCOPE,
    prompt: 'consent',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  const { searchParams } = await client.buildAuthorizationUrlWithJAR(config, parameters, key, {
    [client.modifyAssertion]: (_header, payload) => void Object.assign(payload, claims),
  })
  searchParams.set('request', await seal(searchParams.get('request') ?? ''))
  const link = await client.buildAuthorizationUrlWithPAR(config, searchParams, { DPoP })
  return {
    link,
    checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true },
  }
}
