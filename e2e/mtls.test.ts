import { generateSigningKey, type SigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { Browser } from './flow/browser.ts'
import { fetchWithCertificate } from './flow/certificate-fetch.ts'
import { claimsOf } from './testing/claims.ts'
import { issueCertificate, type ClientCredential } from './testing/client-certificates.ts'
import { ask, json, member, post } from './testing/https.ts'
import { passThrough } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'
import { REDIRECT_URI, webKeyOf } from './testing/variant.ts'

type Tokens = Awaited<ReturnType<typeof client.refreshTokenGrant>>

const METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'] as const
const CONSTRAINTS = ['DPoP', 'certificate'] as const
const SCOPE = 'openid profile accounts offline_access'

/** A way to be a client with a certificate. */
interface Combination {
  readonly clientId: string
  readonly method: (typeof METHODS)[number]
  readonly constraint: (typeof CONSTRAINTS)[number]
  readonly key: SigningKey
  readonly credential: ClientCredential
  /** What comes after it: with the same name, or registered beside it. */
  readonly renewed: ClientCredential
}

const combinations = await Promise.all(
  METHODS.flatMap((method) => CONSTRAINTS.map((constraint) => combine(method, constraint))),
)

async function combine(
  method: Combination['method'],
  constraint: Combination['constraint'],
): Promise<Combination> {
  const clientId = `${method}-${constraint}`
  const subject = `C=DE,O=Example Bank,CN=${clientId}`
  const isSelfSigned = method === 'self_signed_tls_client_auth'
  const wish = { subject, ...(isSelfSigned && { by: 'itself' as const }) }
  return {
    clientId,
    method,
    constraint,
    key: generateSigningKey('ES256'),
    credential: await issueCertificate(wish),
    renewed: await issueCertificate(wish),
  }
}

/** Clients that are known by what is in their certificate beside the subject. */
const named = await Promise.all(
  (
    [
      ['san_dns', 'dns', 'app.bank.example'],
      ['san_uri', 'url', 'urn:example:app'],
      ['san_ip', 'ip', '192.0.2.7'],
      ['san_email', 'email', 'app@bank.example'],
    ] as const
  ).map(async ([field, type, value]) => ({
    clientId: field,
    member: { [`tls_client_auth_${field}`]: [value] },
    credential: await issueCertificate({ subject: 'CN=x', names: [{ type, value }] }),
  })),
)

const namedMetadata = named.map(({ clientId, member: known }) => ({
  client_id: clientId,
  token_endpoint_auth_method: 'tls_client_auth',
  grant_types: ['client_credentials'],
  scope: 'accounts',
  tls_client_certificate_bound_access_tokens: true,
  ...known,
}))

function metadataOf({ clientId, method, constraint, ...known }: Combination): object {
  return {
    client_id: clientId,
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: method,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    scope: SCOPE,
    use_mtls_endpoint_aliases: true,
    ...(constraint === 'DPoP'
      ? { dpop_bound_access_tokens: true }
      : { tls_client_certificate_bound_access_tokens: true }),
    ...(method === 'private_key_jwt' && { jwks: { keys: [known.key.publicJwk] } }),
    ...(method === 'tls_client_auth' && {
      tls_client_auth_subject_dn: `CN=${clientId},O=Example Bank,C=DE`,
    }),
    ...(method === 'self_signed_tls_client_auth' && {
      jwks: { keys: [known.credential.jwk, known.renewed.jwk] },
    }),
  }
}

let server: ServerProcess
before(async () => {
  server = await serve((issuer, mtls) => ({
    issuer,
    mtls,
    clients: [...combinations.map(metadataOf), ...namedMetadata],
    scopes: SCOPES,
    users: USERS,
  }))
})
after(async () => {
  await server.stop()
  server.site.remove()
})

/** A client that shows a certificate, and where its calls went. */
interface Session {
  readonly config: client.Configuration
  readonly calls: URL[]
  readonly options: { readonly DPoP?: client.DPoPHandle }
  /** What tokens are bound to, as `cnf` says it. */
  readonly confirmation: Readonly<Record<string, string>>
}

async function begin(combination: Combination, credential: ClientCredential): Promise<Session> {
  const { clientId, method, constraint, key } = combination
  const calls: URL[] = []
  const show = fetchWithCertificate(credential)
  const config = await client.discovery(
    new URL(server.site.origin),
    clientId,
    { id_token_signed_response_alg: 'ES256', use_mtls_endpoint_aliases: true },
    method === 'private_key_jwt'
      ? client.PrivateKeyJwt(await webKeyOf(key))
      : client.TlsClientAuth(),
    {
      [client.customFetch]: (url, options) => {
        calls.push(new URL(url))
        return show(url, options)
      },
    },
  )
  client.enableNonRepudiationChecks(config)
  if (constraint === 'certificate') {
    return { config, calls, options: {}, confirmation: { 'x5t#S256': credential.thumbprint } }
  }
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const confirmation = { jkt: await DPoP.calculateThumbprint() }
  return { config, calls, options: { DPoP }, confirmation }
}

async function codeFlow({ config, options }: Session): Promise<Tokens> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  const link = await client.buildAuthorizationUrlWithPAR(config, parameters, options)
  assert.equal(link.origin, server.site.origin, 'browsers go where nobody asks for certificates')
  const answer = await passThrough(new Browser(link.origin), link)
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  return client.authorizationCodeGrant(config, answer, checks, undefined, options)
}

/** Every place that tells what a token is bound to says the same. */
async function checkBound(
  { config, options, confirmation }: Session,
  tokens: Tokens,
): Promise<void> {
  const isDPoP = options.DPoP !== undefined
  assert.equal(tokens.token_type, isDPoP ? 'dpop' : 'bearer')
  assert.deepEqual(claimsOf(tokens.access_token)['cnf'], confirmation)
  const told = await client.tokenIntrospection(config, tokens.access_token)
  assert.equal(told.active, true)
  assert.equal(told.token_type, isDPoP ? 'DPoP' : 'Bearer')
  assert.deepEqual(told.cnf, confirmation)
}

for (const combination of combinations) {
  const { method, constraint, credential, renewed } = combination

  describe(`${method} with tokens bound by ${constraint}`, () => {
    test('MTLS-01 MTLS-04 MTLS-05 MTLS-08 SP-AS-05 the whole flow, and every call to the place it belongs', async () => {
      const session = await begin(combination, credential)
      const { config, calls, options } = session
      const tokens = await codeFlow(session)
      await checkBound(session, tokens)
      const { sub = '' } = claimsOf(tokens.id_token ?? '')
      const told = await client.fetchUserInfo(config, tokens.access_token, String(sub), options)
      assert.equal(told.name, 'Alice Example')

      const { refresh_token = '' } = tokens
      await checkBound(session, await client.refreshTokenGrant(config, refresh_token, {}, options))
      await client.tokenRevocation(config, refresh_token)
      assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
      await assert.rejects(client.refreshTokenGrant(config, refresh_token, {}, options), {
        error: 'invalid_grant',
      })

      const { origin, mtlsOrigin } = server.site
      const pathsAt = (place: string): readonly string[] =>
        [
          ...new Set(calls.filter((url) => url.origin === place).map(({ pathname }) => pathname)),
        ].toSorted()
      assert.deepEqual(pathsAt(origin), ['/.well-known/openid-configuration', '/jwks'])
      assert.deepEqual(pathsAt(mtlsOrigin), [
        '/introspect',
        '/par',
        '/revoke',
        '/token',
        '/userinfo',
      ])
      assert.ok(calls.every((url) => [origin, mtlsOrigin].includes(url.origin)))
    })

    test('SP-AS-04 MTLS-04 client credentials are bound too', async () => {
      const session = await begin(combination, credential)
      const { config, options } = session
      const tokens = await client.clientCredentialsGrant(config, { scope: 'accounts' }, options)
      await checkBound(session, tokens)
    })

    test('MTLS-11 a renewed certificate goes on where the old one ended', async () => {
      const session = await begin(combination, credential)
      const { refresh_token = '' } = await codeFlow(session)
      const later = await begin(combination, renewed)
      await checkBound(
        later,
        await client.refreshTokenGrant(later.config, refresh_token, {}, later.options),
      )
      assert.notDeepEqual(later.confirmation, session.confirmation)
    })
  })
}

describe('MTLS-02 each name of a certificate that a client can be known by', () => {
  for (const { clientId, credential } of named) {
    test(`MTLS-02 ${clientId}`, async () => {
      const form = `grant_type=client_credentials&scope=accounts&client_id=${clientId}`
      const { mtlsOrigin } = server.site
      const answer = await post(`${mtlsOrigin}/token`, form, { certificate: credential })
      const claims = claimsOf(member(answer, 'access_token'))
      assert.deepEqual(claims['cnf'], { 'x5t#S256': credential.thumbprint })
      assert.equal(claims['client_id'], clientId)
    })
  }
})

test('MTLS-07 MTLS-08 META-04 the metadata says where clients with certificates go', async () => {
  const { origin, mtlsOrigin } = server.site
  const metadata = json(await ask(`${origin}/.well-known/openid-configuration`))
  assert.equal(metadata['tls_client_certificate_bound_access_tokens'], true)
  assert.deepEqual(metadata['mtls_endpoint_aliases'], {
    pushed_authorization_request_endpoint: `${mtlsOrigin}/par`,
    token_endpoint: `${mtlsOrigin}/token`,
    userinfo_endpoint: `${mtlsOrigin}/userinfo`,
    introspection_endpoint: `${mtlsOrigin}/introspect`,
    revocation_endpoint: `${mtlsOrigin}/revoke`,
  })
  assert.deepEqual(metadata['token_endpoint_auth_methods_supported'], [...METHODS].toSorted())
  assert.equal(metadata['token_endpoint'], `${origin}/token`)
})
