import { generateSigningKey, type SigningKey } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { createHash, randomUUID } from 'node:crypto'
import * as client from 'openid-client'
import { ask } from './https.ts'
import type { GuardedApi } from './guarded-api.ts'
import { REDIRECT_URI, type ForeignIssuer } from './foreign-issuer.ts'
import { webKeyOf } from './variant.ts'

export type Tokens = Awaited<ReturnType<typeof client.clientCredentialsGrant>>

/** What a proof is made of besides its claims. */
export interface ProofParts {
  readonly header?: object
  readonly key?: SigningKey
}

/** A client of the foreign issuer: openid-client gets its tokens, and it can make proofs by hand with the same key. */
export class ForeignClient {
  readonly proofKey: SigningKey
  readonly #foreign: ForeignIssuer
  readonly #config: client.Configuration
  readonly #DPoP: client.DPoPHandle

  private constructor(foreign: ForeignIssuer, config: client.Configuration, keys: ProofKeys) {
    this.proofKey = keys.byHand
    this.#foreign = foreign
    this.#config = config
    this.#DPoP = client.getDPoPHandle(config, keys.ofLibrary)
  }

  static async discover(foreign: ForeignIssuer): Promise<ForeignClient> {
    const config = await client.discovery(
      new URL(foreign.issuer),
      'app',
      { id_token_signed_response_alg: 'ES256' },
      client.PrivateKeyJwt(await webKeyOf(foreign.clientKey)),
    )
    client.enableNonRepudiationChecks(config)
    return new ForeignClient(foreign, config, await newProofKeys())
  }

  /** With a token of its own. */
  credentials(resource: string, scope: string): Promise<Tokens> {
    return client.clientCredentialsGrant(this.#config, { resource, scope }, { DPoP: this.#DPoP })
  }

  /** For the person who has logged in. */
  async code(resource: string, scope: string): Promise<Tokens> {
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const expectedNonce = client.randomNonce()
    const link = await client.buildAuthorizationUrlWithPAR(
      this.#config,
      {
        redirect_uri: REDIRECT_URI,
        scope: `openid ${scope}`,
        resource,
        state,
        nonce: expectedNonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { DPoP: this.#DPoP },
    )
    const response = await fetch(link, {
      headers: { cookie: this.#foreign.cookie },
      redirect: 'manual',
    })
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${response.status} ${await response.text()}`)
    return client.authorizationCodeGrant(
      this.#config,
      new URL(location),
      { pkceCodeVerifier: verifier, expectedState: state, expectedNonce, idTokenExpected: true },
      { resource },
      { DPoP: this.#DPoP },
    )
  }

  revoke(token: string): Promise<void> {
    return client.tokenRevocation(this.#config, token)
  }

  /** Calls an API as the library does it: with a proof, and once more with a nonce if there has to be one. */
  call(url: string, accessToken: string): Promise<Response> {
    return client.fetchProtectedResource(
      this.#config,
      accessToken,
      new URL(url),
      'GET',
      undefined,
      undefined,
      { DPoP: this.#DPoP },
    )
  }

  /** A proof by hand; what is undefined is left out. */
  proof(
    accessToken: string,
    claims: Readonly<Record<string, unknown>>,
    { header = {}, key = this.proofKey }: ProofParts = {},
  ): string {
    return forge(
      { typ: 'dpop+jwt', alg: key.algorithm, jwk: jwkOf(key), ...header },
      {
        jti: randomUUID(),
        htm: 'GET',
        iat: Math.floor(Date.now() / 1_000),
        ath: createHash('sha256').update(accessToken).digest('base64url'),
        ...claims,
      },
      key,
    )
  }
}

/** One key, as the library takes it and as we do. */
interface ProofKeys {
  readonly byHand: SigningKey
  readonly ofLibrary: CryptoKeyPair
}

async function newProofKeys(): Promise<ProofKeys> {
  const byHand = generateSigningKey('ES256')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const ofLibrary = {
    privateKey: (await webKeyOf(byHand)).key,
    publicKey: await crypto.subtle.importKey('jwk', jwkOf(byHand), algorithm, true, ['verify']),
  }
  return { byHand, ofLibrary }
}

/** The public key as a proof shows it. */
export function jwkOf({ publicJwk }: SigningKey): object {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = publicJwk
  return jwk
}

/** A nonce as an API hands it out to who has none. */
export async function nonceOf({ origin }: GuardedApi): Promise<string> {
  const { headers } = await ask(`${origin}/accounts`)
  const nonce = headers['dpop-nonce']
  if (typeof nonce !== 'string') throw new Error('no nonce')
  return nonce
}
