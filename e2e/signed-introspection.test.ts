import { generateSigningKey, type SigningKey } from '@signet/protocol'
import { compactDecrypt } from 'jose'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { fetchWithCertificate } from './flow/certificate-fetch.ts'
import { CertificatePeer } from './testing/certificate-peer.ts'
import { claimsOf, headerOf } from './testing/claims.ts'
import { issueCertificate } from './testing/client-certificates.ts'
import { json } from './testing/https.ts'
import { Peer, type Granted } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'
import { webKeyOf } from './testing/variant.ts'

const RESOURCE = 'https://api.example'
const JWT_TYPE = 'application/token-introspection+jwt'

/** Asks about tokens that were sent to it. */
interface Asking {
  readonly clientId: string
  readonly key: SigningKey
  readonly algorithm: 'ES256' | 'PS256' | 'Ed25519'
}
const asking = (clientId: string, algorithm: Asking['algorithm']): Asking => ({
  clientId,
  algorithm,
  key: generateSigningKey(algorithm),
})
const APIS = [asking('api-es', 'ES256'), asking('api-ps', 'PS256'), asking('api-ed', 'Ed25519')]
const [api = assert.fail()] = APIS
/** A client like any other, that is no API. */
const curious = asking('curious', 'ES256')
const confidential = asking('api-encrypted', 'ES256')

const recipient = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
  'deriveBits',
])
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', recipient.publicKey)

const credential = await issueCertificate({ subject: 'CN=app-mtls' })
const apiCredential = await issueCertificate({ subject: 'CN=api-mtls' })
const app = new Peer({ clientId: 'app', scope: 'openid accounts payments' })
const certified = new CertificatePeer({
  clientId: 'app-mtls',
  scope: 'openid accounts',
  certificate: credential,
})

let server: ServerProcess
let granted: Granted
before(async () => {
  const metadata = ({ clientId, key, algorithm }: Asking): object => ({
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [key.publicJwk] },
    grant_types: ['client_credentials'],
    scope: 'accounts',
    introspection_signed_response_alg: algorithm,
  })
  server = await serve((issuer, mtls) => ({
    issuer,
    mtls,
    clients: [
      app.metadata(),
      certified.metadata({
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=app-mtls',
      }),
      ...APIS.map(metadata),
      metadata(curious),
      {
        ...metadata(confidential),
        jwks: { keys: [confidential.key.publicJwk, { kty, crv, x, y, use: 'enc', kid: 'enc-1' }] },
        introspection_encrypted_response_alg: 'ECDH-ES+A256KW',
        introspection_encrypted_response_enc: 'A256GCM',
      },
      {
        client_id: 'api-mtls',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=api-mtls',
        grant_types: ['client_credentials'],
        scope: 'accounts',
        tls_client_certificate_bound_access_tokens: true,
      },
    ],
    scopes: SCOPES,
    resources: [
      {
        resource: RESOURCE,
        scopes: ['accounts'],
        introspection_clients: [...APIS, confidential]
          .map(({ clientId }) => clientId)
          .concat('api-mtls'),
      },
    ],
    users: USERS,
  }))
  granted = await app.at(server.site.origin).logIn(undefined, { form: { resource: RESOURCE } })
})
after(async () => {
  await server.stop()
  server.site.remove()
})

interface Session {
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
}

async function begin({ clientId, key, algorithm }: Asking): Promise<Session> {
  const url = new URL(server.site.origin)
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url))
  return {
    as,
    client: { client_id: clientId, introspection_signed_response_alg: algorithm },
    authentication: oauth.PrivateKeyJwt(await webKeyOf(key)),
  }
}

async function introspect(
  { as, client, authentication }: Session,
  token: string,
): Promise<{ readonly answer: Response; readonly body: string }> {
  const answer = await oauth.introspectionRequest(as, client, authentication, token)
  return { answer, body: await answer.clone().text() }
}

for (const each of APIS) {
  test(`MS-INT-01 INT-05 INT-06 oauth4webapi verifies what an API is told, signed with ${each.algorithm}`, async () => {
    const session = await begin(each)
    const { as, client } = session
    const { answer, body } = await introspect(session, granted.accessToken)
    assert.equal(answer.headers.get('content-type'), JWT_TYPE)
    const told = await oauth.processIntrospectionResponse(as, client, answer)
    await oauth.validateApplicationLevelSignature(as, answer)
    assert.equal(told.active, true)
    assert.equal(told.client_id, 'app')
    assert.equal(told.scope, 'accounts', 'the API learns of its own scopes only')

    const { typ, alg, kid } = headerOf(body)
    assert.deepEqual([typ, alg], ['token-introspection+jwt', each.algorithm])
    assert.equal(typeof kid, 'string')
    const claims = claimsOf(body)
    assert.deepEqual(Object.keys(claims).toSorted(), ['aud', 'iat', 'iss', 'token_introspection'])
    assert.deepEqual([claims['iss'], claims['aud']], [server.site.origin, each.clientId])
  })
}

test('MS-INT-04 INT-04 INT-07 whoever is no API of the token is told nothing, and that is signed as well', async () => {
  const session = await begin(curious)
  for (const token of [granted.accessToken, 'no token at all']) {
    const { answer, body } = await introspect(session, token)
    const told = await oauth.processIntrospectionResponse(session.as, session.client, answer)
    await oauth.validateApplicationLevelSignature(session.as, answer)
    assert.deepEqual({ ...told }, { active: false })
    assert.deepEqual(claimsOf(body)['token_introspection'], { active: false })
  }
})

test('INT-06 MS-INT-03 what one API is told is not taken by another', async () => {
  const { answer } = await introspect(await begin(api), granted.accessToken)
  const { as, client } = await begin(APIS[1] ?? assert.fail())
  await assert.rejects(oauth.processIntrospectionResponse(as, client, answer))
})

test('INT-08 INT-09 an API that wants it encrypted finds the signed one inside', async () => {
  const session = await begin(confidential)
  const { as, client } = session
  const { answer, body } = await introspect(session, granted.accessToken)
  assert.equal(answer.headers.get('content-type'), JWT_TYPE)
  const { alg, enc, kid, cty } = headerOf(body)
  assert.deepEqual([alg, enc, kid, cty], ['ECDH-ES+A256KW', 'A256GCM', 'enc-1', 'JWT'])
  const told = await oauth.processIntrospectionResponse(as, client, answer, {
    [oauth.jweDecrypt]: async (jwe) => {
      const { plaintext } = await compactDecrypt(jwe, recipient.privateKey)
      return new TextDecoder().decode(plaintext)
    },
  })
  await oauth.validateApplicationLevelSignature(as, answer)
  assert.equal(told.active, true)
})

describe('where tokens and APIs are known by certificates', () => {
  test('MTLS-05 MTLS-08 INT-05 the signed answer names the certificate', async () => {
    const { accessToken } = await certified
      .atSite(server.site)
      .logIn(undefined, { form: { resource: RESOURCE } })
    const { as } = await begin(api)
    const client = {
      client_id: 'api-mtls',
      use_mtls_endpoint_aliases: true,
      introspection_signed_response_alg: 'ES256',
    }
    const show = fetchWithCertificate(apiCredential)
    const asked: string[] = []
    const answer = await oauth.introspectionRequest(
      as,
      client,
      oauth.TlsClientAuth(),
      accessToken,
      {
        [oauth.customFetch]: (url, options) => {
          asked.push(url)
          return show(url, options)
        },
      },
    )
    const told = await oauth.processIntrospectionResponse(as, client, answer)
    await oauth.validateApplicationLevelSignature(as, answer)
    assert.deepEqual(asked, [`${server.site.mtlsOrigin}/introspect`])
    assert.deepEqual(told.cnf, { 'x5t#S256': credential.thumbprint })
    assert.equal(told.token_type, 'Bearer')
  })
})

test('INT-01 a stranger is refused in the way of whom it asks like', async () => {
  const peer = app.at(server.site.origin)
  const headers = { accept: JWT_TYPE }
  const plain = await peer.introspect(granted.accessToken, { assertion: null })
  assert.deepEqual([plain.status, json(plain)['error']], [401, 'invalid_client'])
  const signed = await peer.introspect(granted.accessToken, { assertion: null, headers })
  assert.deepEqual([signed.status, json(signed)['error']], [400, 'invalid_client'])
})

test('INT-05 who does not ask for a JWT gets none', async () => {
  const peer = app.at(server.site.origin)
  for (const accept of ['application/json', '*/*', 'application/jwt', undefined]) {
    const headers = accept === undefined ? {} : { accept }
    const answer = await peer.introspect(granted.accessToken, { headers })
    assert.match(String(answer.headers['content-type']), /^application\/json/)
    assert.equal(json(answer)['active'], true)
  }
})

test('INT-02 INT-07 MS-INT-01 a token that ended is told as ended', async () => {
  const peer = app.at(server.site.origin)
  const { accessToken } = await peer.logIn(undefined, { form: { resource: RESOURCE } })
  const session = await begin(api)
  const tell = async (): Promise<boolean> =>
    (
      await oauth.processIntrospectionResponse(
        session.as,
        session.client,
        (await introspect(session, accessToken)).answer,
      )
    ).active
  assert.equal(await tell(), true)
  assert.equal((await peer.revoke(accessToken)).status, 200)
  assert.equal(await tell(), false)
})
