import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { claimsOf, headerOf } from './testing/claims.ts'
import { ask, json } from './testing/https.ts'
import { parametersOf, receive } from './testing/receive.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import {
  beginSigned,
  pushSigned,
  SIGNED_SCOPE,
  signingClient,
  signingMetadata,
  type SigningClient,
} from './testing/signing-client.ts'
import { SCOPES, USERS } from './testing/site.ts'
import { REDIRECT_URI } from './testing/variant.ts'

const SIGNING = [
  signingClient('es256', 'ES256'),
  signingClient('ps256', 'PS256'),
  signingClient('ed25519', 'Ed25519'),
]
/** May sign, and ask for its answers as it likes. */
const choosing = signingClient('choosing', 'ES256')
/** Signs because it is registered so, and takes one response mode only. */
const limited = signingClient('limited', 'ES256')

let server: ServerProcess
before(async () => {
  const common = { scopes: SCOPES, users: USERS }
  server = await serve((origin) => ({
    services: [
      {
        ...common,
        issuer: origin,
        clients: [
          ...SIGNING.map((each) => ({
            ...signingMetadata(each),
            profile: 'fapi2-message-signing',
          })),
          signingMetadata(choosing),
          {
            ...signingMetadata(limited),
            require_signed_request_object: true,
            response_modes: ['form_post.jwt'],
          },
        ],
      },
      {
        ...common,
        issuer: `${origin}/strict`,
        profile: 'fapi2-message-signing',
        clients: SIGNING.map(signingMetadata),
      },
    ],
  }))
})
after(async () => {
  await server.stop()
  server.site.remove()
})

/** Where each of the two services is. */
const ISSUERS: readonly (readonly [what: string, issuer: () => string])[] = [
  ['of the client alone', () => server.site.origin],
  ['of the whole service', () => `${server.site.origin}/strict`],
]

for (const [what, issuer] of ISSUERS) {
  describe(`the profile fapi2-message-signing ${what}`, () => {
    for (const signer of SIGNING) {
      test(`MS-JAR-01 MS-JARM-01 MS-INT-01 MS-IDT-02 from signed request to signed introspection with ${signer.algorithm}`, async () => {
        const session = await beginSigned(issuer(), signer)
        const { config, DPoP, browser } = session
        client.useJwtResponseMode(config)
        const { link, checks } = await pushSigned(session)
        assert.deepEqual([...link.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
        const answer = await receive(browser, link)
        assert.deepEqual([...(await parametersOf(answer)).keys()], ['response'])
        const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, {
          DPoP,
        })
        assert.equal(headerOf(tokens.id_token ?? '')['alg'], signer.algorithm)
        const { access_token } = tokens
        const sub = tokens.claims()?.sub ?? ''
        const told = await client.fetchUserInfo(config, access_token, sub, { DPoP })
        assert.equal(told.name, 'Alice Example')
        const introspected = await client.tokenIntrospection(config, access_token)
        assert.equal(introspected.active, true)
        assert.equal(introspected.cnf?.jkt, await DPoP.calculateThumbprint())
      })
    }

    test('MS-JAR-01 a request that is not signed is refused', async () => {
      const { config, DPoP } = await beginSigned(issuer(), SIGNING[0] ?? assert.fail())
      client.useJwtResponseMode(config)
      const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
      const parameters = {
        redirect_uri: REDIRECT_URI,
        scope: SIGNED_SCOPE,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }
      await assert.rejects(client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }), {
        error: 'invalid_request',
      })
    })

    for (const response_mode of ['query', 'form_post', undefined]) {
      test(`MS-JARM-01 an unsigned answer cannot be asked for: ${response_mode ?? 'nothing said'}`, async () => {
        const session = await beginSigned(issuer(), SIGNING[0] ?? assert.fail())
        const claims = response_mode === undefined ? {} : { response_mode }
        await assert.rejects(pushSigned(session, claims), { error: 'invalid_request' })
      })
    }
  })
}

test('META-06 MS-JAR-01 MS-JARM-01 the metadata says what is demanded', async () => {
  const metadataOf = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
    json(await ask(`${server.site.origin}${path}/.well-known/openid-configuration`))
  const strict = await metadataOf('/strict')
  assert.equal(strict['require_signed_request_object'], true)
  assert.deepEqual(strict['response_modes_supported'], ['jwt', 'query.jwt', 'form_post.jwt'])
  assert.deepEqual(strict['request_object_signing_alg_values_supported'], [
    'PS256',
    'ES256',
    'EdDSA',
    'Ed25519',
  ])
  const lax = await metadataOf('')
  assert.notEqual(lax['require_signed_request_object'], true)
  assert.deepEqual(lax['response_modes_supported'], [
    'query',
    'form_post',
    'jwt',
    'query.jwt',
    'form_post.jwt',
  ])
})

/** Verifies a signed answer with the published keys, as any library would. */
async function verified(response: string, { clientId }: SigningClient): Promise<JWTPayload> {
  const issuer = server.site.origin
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const { payload } = await jwtVerify(response, keys, {
    issuer,
    audience: clientId,
    requiredClaims: ['exp'],
  })
  assert.ok(Number(payload.exp) - Date.now() / 1_000 <= 600, 'good for ten minutes at most')
  return payload
}

const MODES = ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'] as const

for (const response_mode of MODES) {
  const isSigned = response_mode.endsWith('jwt')

  describe(`the response mode ${response_mode}`, () => {
    test('JARM-01 JARM-03 MS-JARM-02 brings a code that works', async () => {
      const session = await beginSigned(server.site.origin, choosing)
      const { config, DPoP, browser } = session
      if (isSigned) client.useJwtResponseMode(config)
      const { link, checks } = await pushSigned(session, { response_mode })
      const answer = await receive(browser, link)
      assert.equal(answer.method, response_mode.startsWith('form_post') ? 'POST' : 'GET')
      assert.ok(answer.url.split('?')[0] === REDIRECT_URI)
      const parameters = await parametersOf(answer)
      const names = [...parameters.keys()].toSorted()
      assert.deepEqual(names, isSigned ? ['response'] : ['code', 'iss', 'state'])
      if (isSigned) {
        const claims = await verified(parameters.get('response') ?? '', choosing)
        assert.equal(claims['state'], checks.expectedState)
        assert.equal(typeof claims['code'], 'string')
      }
      const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, {
        DPoP,
      })
      assert.equal(claimsOf(tokens.access_token)['client_id'], choosing.clientId)
    })

    test('JARM-07 SP-AZ-19 tells in the same way that the user declined', async () => {
      const session = await beginSigned(server.site.origin, choosing)
      const { config, browser } = session
      if (isSigned) client.useJwtResponseMode(config)
      const { link, checks } = await pushSigned(session, { response_mode })
      const answer = await receive(browser, link, 'cancel')
      const parameters = await parametersOf(answer)
      if (isSigned) {
        assert.deepEqual([...parameters.keys()], ['response'])
        const claims = await verified(parameters.get('response') ?? '', choosing)
        assert.equal(claims['error'], 'access_denied')
        assert.equal(claims['state'], checks.expectedState)
        assert.equal(claims['code'], undefined)
      } else {
        assert.equal(parameters.get('error'), 'access_denied')
        assert.equal(parameters.get('iss'), server.site.origin)
      }
      await assert.rejects(client.authorizationCodeGrant(config, answer, checks), {
        error: 'access_denied',
      })
    })
  })
}

test('JARM-07 an error that needs no person is signed too', async () => {
  const session = await beginSigned(server.site.origin, choosing)
  const { config, browser } = session
  client.useJwtResponseMode(config)
  const { link, checks } = await pushSigned(session, { prompt: 'none' })
  const answer = await receive(browser, link)
  const claims = await verified((await parametersOf(answer)).get('response') ?? '', choosing)
  assert.equal(claims['error'], 'login_required')
  await assert.rejects(client.authorizationCodeGrant(config, answer, checks), {
    error: 'login_required',
  })
})

test('MS-JAR-10 a client gets no other response mode than it registered', async () => {
  const session = await beginSigned(server.site.origin, limited)
  for (const response_mode of MODES) {
    const pushed = pushSigned(session, { response_mode })
    if (response_mode === 'form_post.jwt') await pushed
    else await assert.rejects(pushed, { error: 'invalid_request' }, response_mode)
  }
  await assert.rejects(pushSigned(session), { error: 'invalid_request' })
})

test('JARM-04 an answer of somebody else, or for somebody else, is not taken', async () => {
  const session = await beginSigned(server.site.origin, choosing)
  const { config, browser } = session
  client.useJwtResponseMode(config)
  const { link, checks } = await pushSigned(session)
  const { url } = await receive(browser, link)
  const response = new URL(url).searchParams.get('response') ?? ''
  const [header = '', , signature = ''] = response.split('.')
  const claims = claimsOf(response)
  for (const change of [
    { iss: 'https://attacker.example' },
    { aud: 'es256' },
    { exp: 1 },
    { code: 'another' },
  ]) {
    const body = Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')
    const forged = new URL(REDIRECT_URI)
    forged.searchParams.set('response', `${header}.${body}.${signature}`)
    await assert.rejects(client.authorizationCodeGrant(config, forged, checks))
  }
  const unsigned = new URL(REDIRECT_URI)
  for (const name of ['code', 'state', 'iss']) unsigned.searchParams.set(name, String(claims[name]))
  await assert.rejects(client.authorizationCodeGrant(config, unsigned, checks))
})
