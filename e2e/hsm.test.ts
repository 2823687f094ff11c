import {
  loadConfig,
  startServer,
  type ExternalSigningKey,
  type RunningServer,
} from '@signet/server'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { Browser } from './flow/browser.ts'
import { openHsm, type Hsm } from './testing/hsm.ts'
import { ask, json } from './testing/https.ts'
import { passThrough, Peer } from './testing/peer.ts'
import { createSite, serviceFor, type Site } from './testing/site.ts'
import { webKeyOf } from './testing/variant.ts'

const app = new Peer({ clientId: 'app', redirectUri: 'https://client.example/callback' })

describe('a server whose keys are in a security module', () => {
  let hsm: Hsm
  let site: Site
  let server: RunningServer
  let key: ExternalSigningKey
  /** What the server is told, as a program beside it would tell it. */
  let keys: readonly ExternalSigningKey[]
  let hangs = false
  before(async () => {
    hsm = openHsm()
    const made = hsm.makeKey()
    key = { ...made, sign: (input) => (hangs ? new Promise(() => {}) : made.sign(input)) }
    keys = [key]
    site = await createSite(
      serviceFor([app.metadata()], { signing_algorithms: ['ES256'], log: { level: 'silent' } }),
    )
    server = await startServer(loadConfig(site.configFile, {}), { signers: async () => keys })
  })
  after(async () => {
    await server.close()
    site.remove()
    hsm.remove()
  })

  test('SP-CR-02 signs ID tokens and access tokens in it, which a client verifies', async () => {
    const { signatures } = hsm
    const { config, tokens } = await logIn(site.origin)
    assert.ok(hsm.signatures >= signatures + 2)
    const jwk = (await keySet(site.origin)).find(({ kid }) => kid === key.kid)
    assert.ok(jwk)
    for (const jwt of [tokens.id_token ?? '', tokens.access_token]) {
      assert.equal(decodeProtectedHeader(jwt).kid, key.kid)
      await jwtVerify(jwt, await importJWK(jwk, 'ES256'), { issuer: site.origin })
    }
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
  })

  test('answers 503 in time while it hangs, and tokens again as soon as it does not', async () => {
    const peer = app.at(site.origin)
    hangs = true
    const begun = performance.now()
    const { status, headers } = await peer.credentials()
    hangs = false
    assert.deepEqual([status, headers['retry-after']], [503, '2'])
    assert.ok(performance.now() - begun < 6_500)
    assert.equal((await peer.credentials()).status, 200)
  })

  test('has no key that signs in its database, and the module gives none away', async () => {
    const database = new DatabaseSync(site.database, { readOnly: true })
    const rows = database.prepare("SELECT data ->> 'use' AS use FROM keys").all()
    database.close()
    assert.deepEqual(
      rows.map(({ use }) => use),
      ['nonce'],
    )
    assert.match(hsm.describe(key.kid), /always sensitive, never extractable/)
  })

  test('OIDC-18 follows another key of the module without a restart, and goes on to believe the old one', async () => {
    const { tokens } = await logIn(site.origin)
    const fresh = hsm.makeKey()
    keys = [fresh, key]
    const giveUp = Date.now() + 20_000
    while (!(await keySet(site.origin)).some(({ kid }) => kid === fresh.kid)) {
      assert.ok(Date.now() < giveUp, 'the new key is not published')
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    const { config, tokens: next } = await logIn(site.origin)
    assert.equal(decodeProtectedHeader(next.access_token).kid, fresh.kid)
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
  })
})

/** A whole login with openid-client, which verifies the signature of the ID token. */
async function logIn(issuer: string) {
  const metadata = { id_token_signed_response_alg: 'ES256' }
  const authentication = client.PrivateKeyJwt(await webKeyOf(app.key))
  const config = await client.discovery(new URL(issuer), 'app', metadata, authentication)
  client.enableNonRepudiationChecks(config)
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const link = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: app.redirectUri,
      scope: 'openid accounts',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  )
  const answer = await passThrough(new Browser(issuer), link)
  const checks = { pkceCodeVerifier }
  const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })
  return { config, tokens }
}

async function keySet(issuer: string): Promise<readonly { readonly kid: string }[]> {
  const { keys } = json(await ask(`${issuer}/jwks`))
  assert.ok(Array.isArray(keys))
  return keys
}
