import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'

/** What `signet dev` writes for whoever wants to play the client. */
export interface Demo {
  readonly issuer: string
  readonly ca: string
  readonly client_id: string
  readonly client_key: string
  readonly redirect_uri: string
  readonly resource: string
  readonly user: string
  readonly password: string
}

/** A login that has begun in one browser; kept here, known to the browser by its id only. */
export interface PendingLogin {
  readonly id: string
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

export interface Login {
  readonly claims: Readonly<Record<string, unknown>>
  readonly scope: string
  readonly expiresIn: number
  readonly idToken: string | undefined
}

/** The example app as an OAuth client: FAPI 2.0 by `openid-client`, nothing of our own. */
export interface OAuthClient {
  begin(): Promise<{ readonly pending: PendingLogin; readonly url: URL }>
  finish(pending: PendingLogin, callback: URL): Promise<Login>
  logoutUrl(idToken: string | undefined): URL
}

const SCOPE = 'openid profile email accounts offline_access'

export async function createOAuthClient(demo: Demo): Promise<OAuthClient> {
  const jwk = JSON.parse(readFileSync(demo.client_key, 'utf8'))
  const key = await crypto.subtle.importKey(
    'pkcs8',
    new Uint8Array(
      createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' }),
    ),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  const config = await client.discovery(
    new URL(demo.issuer),
    demo.client_id,
    undefined,
    client.PrivateKeyJwt({ key, kid: jwk.kid }),
  )
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  return {
    begin: async () => {
      const pending: PendingLogin = {
        id: randomUUID(),
        verifier: client.randomPKCECodeVerifier(),
        state: client.randomState(),
        nonce: client.randomNonce(),
      }
      const parameters = {
        redirect_uri: demo.redirect_uri,
        scope: SCOPE,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      }
      return {
        pending,
        url: await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }),
      }
    },
    finish: async ({ verifier, state, nonce }, callback) => {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
      const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, {
        DPoP,
      })
      const subject = tokens.claims()?.sub ?? client.skipSubjectCheck
      const userinfo = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP })
      return {
        claims: { ...tokens.claims(), ...userinfo },
        scope: tokens.scope ?? '',
        expiresIn: tokens.expires_in ?? 0,
        idToken: tokens.id_token,
      }
    },
    logoutUrl: (idToken) =>
      client.buildEndSessionUrl(config, {
        post_logout_redirect_uri: new URL('/', demo.redirect_uri).href,
        ...(idToken !== undefined && { id_token_hint: idToken }),
      }),
  }
}
