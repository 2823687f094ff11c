import type { GuardOptions } from '@signet/guard'
import { accessTokenHash, exportDecryptionJwk, generateEncryptionKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { AUTHORITY } from './testing/authority.ts'
import { CertificatePeer } from './testing/certificate-peer.ts'
import { issueCertificate, type ClientCredential } from './testing/client-certificates.ts'
import { serveGuarded, type Adapter, type GuardedApi } from './testing/guarded-api.ts'
import { ask } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'

const RESOURCE = 'https://api.example'
const ADAPTERS: readonly Adapter[] = ['fastify', 'node']
const FORM = { form: { resource: RESOURCE } }

const own = await issueCertificate({ subject: 'CN=app' })
const other = await issueCertificate({ subject: 'CN=other' })
const certified = new CertificatePeer({
  clientId: 'app',
  scope: 'openid accounts',
  certificate: own,
})
const opaque = new CertificatePeer({
  clientId: 'app-opaque',
  scope: 'openid accounts',
  certificate: own,
})
const proving = new Peer({ clientId: 'app-dpop', scope: 'openid accounts' })

/** An API that asks about tokens, known to the server by a certificate. */
interface Asking {
  readonly clientId: string
  readonly credential: ClientCredential
  readonly metadata: object
}
const encryption = generateEncryptionKey('ECDH-ES')
const byName: Asking = {
  clientId: 'api',
  credential: await issueCertificate({ subject: 'CN=api' }),
  metadata: {
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=api',
    jwks: { keys: [encryption.publicJwk] },
    introspection_signed_response_alg: 'ES256',
    introspection_encrypted_response_alg: 'ECDH-ES+A256KW',
    introspection_encrypted_response_enc: 'A256GCM',
  },
}
const published = await issueCertificate({ subject: 'CN=api-self', by: 'itself' })
const byKey: Asking = {
  clientId: 'api-self',
  credential: published,
  metadata: {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [published.jwk] },
  },
}
const APIS = [byName, byKey]

let server: ServerProcess
before(async () => {
  const bySubject = (subject: string, more: object = {}): object => ({
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: subject,
    ...more,
  })
  server = await serve((issuer, mtls) => ({
    issuer,
    mtls,
    clients: [
      certified.metadata(bySubject('CN=app')),
      opaque.metadata(bySubject('CN=app', { access_token_format: 'opaque' })),
      proving.metadata(),
      ...APIS.map(({ clientId, metadata }) => ({
        client_id: clientId,
        grant_types: ['client_credentials'],
        scope: 'accounts',
        tls_client_certificate_bound_access_tokens: true,
        ...metadata,
      })),
    ],
    scopes: SCOPES,
    resources: [
      {
        resource: RESOURCE,
        scopes: ['accounts'],
        introspection_clients: APIS.map(({ clientId }) => clientId),
      },
    ],
    users: USERS,
  }))
})
after(async () => {
  await server.stop()
  server.site.remove()
})

interface Open extends AsyncDisposable {
  readonly api: GuardedApi
  readonly troubles: readonly string[]
  /** The status, and the reason if it was refused. */
  get(token: string, certificate?: ClientCredential): Promise<number | readonly [number, string]>
}

async function open(adapter: Adapter, change: Partial<GuardOptions>): Promise<Open> {
  const troubles: string[] = []
  const api = await serveGuarded(adapter, {
    issuer: server.site.origin,
    resource: RESOURCE,
    senderConstraint: 'mtls',
    ca: AUTHORITY,
    onTrouble: ({ message }) => void troubles.push(message),
    ...change,
  })
  return {
    api,
    troubles,
    get: async (token, certificate) => {
      const headers = { authorization: `Bearer ${token}` }
      const { status } = await ask(`${api.origin}/accounts`, {
        headers,
        certificate: certificate ?? null,
      })
      return status === 200 ? status : [status, api.events.at(-1)?.reason ?? '']
    },
    [Symbol.asyncDispose]: () => api.close(),
  }
}

const MISMATCH = [401, 'certificate_mismatch'] as const

for (const adapter of ADAPTERS) {
  test(`MTLS-06 SP-RS-05 with ${adapter}, tokens of the server go with the certificate they are bound to`, async () => {
    const { accessToken } = await certified.atSite(server.site).logIn(undefined, FORM)
    for (const senderConstraint of ['mtls', 'either'] as const) {
      await using stage = await open(adapter, { senderConstraint })
      assert.equal(await stage.get(accessToken, own), 200)
      assert.equal(await stage.get(accessToken, own), 200)
      assert.deepEqual(await stage.get(accessToken, other), MISMATCH)
      assert.deepEqual(await stage.get(accessToken), MISMATCH)
    }
    await using stage = await open(adapter, { senderConstraint: 'dpop' })
    assert.deepEqual(await stage.get(accessToken, own), [401, 'token_unbound'])
  })
}

test('MTLS-06 SP-RS-05 where both are taken, each token goes as it is bound', async () => {
  const peer = proving.at(server.site.origin)
  const { accessToken } = await peer.logIn(undefined, FORM)
  await using stage = await open('fastify', { senderConstraint: 'either' })
  assert.deepEqual(await stage.get(accessToken, own), [401, 'bound_token_as_bearer'])
  const url = `${stage.api.origin}/accounts`
  const call = async (): Promise<number> => {
    const ath = accessTokenHash(accessToken)
    const dpop = peer.proof(url, { claims: { htm: 'GET', ath } })
    const headers = { authorization: `DPoP ${accessToken}`, dpop }
    return (await ask(url, { headers, certificate: own })).status
  }
  assert.equal(await call(), 200)
})

describe('an API that asks with a certificate', () => {
  test('MTLS-06 MTLS-08 MS-INT-02 MS-INT-03 INT-08 is told, signed and encrypted, what a token is bound to', async () => {
    const peer = opaque.atSite(server.site)
    const { accessToken } = await peer.logIn(undefined, FORM)
    await using stage = await open('node', {
      tokens: 'introspection',
      introspection: {
        clientId: byName.clientId,
        certificate: byName.credential,
        signed: true,
        decryptionKeys: [exportDecryptionJwk(encryption)],
      },
    })
    assert.equal(await stage.get(accessToken, own), 200)
    assert.deepEqual(await stage.get(accessToken, other), MISMATCH)
    assert.deepEqual(await stage.get('made-up', own), [401, 'token_inactive'])
    assert.deepEqual(stage.troubles, [])
    assert.equal((await peer.revoke(accessToken)).status, 200)
    assert.deepEqual(await stage.get(accessToken, own), [401, 'token_inactive'])
  })

  test('MTLS-03 of its own making is known by the key in it', async () => {
    const { accessToken } = await opaque.atSite(server.site).logIn(undefined, FORM)
    await using stage = await open('fastify', {
      tokens: 'introspection',
      introspection: { clientId: byKey.clientId, certificate: published },
    })
    assert.equal(await stage.get(accessToken, own), 200)
  })

  test('MS-INT-03 takes no answer that it cannot read, nor one that is less than it wants', async () => {
    const { accessToken } = await opaque.atSite(server.site).logIn(undefined, FORM)
    const wanted = { clientId: byName.clientId, certificate: byName.credential, signed: true }
    const jwk = exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))
    for (const [introspection, reason] of [
      [wanted, 'introspection_malformed'],
      [{ ...wanted, decryptionKeys: [jwk] }, 'introspection_undecryptable'],
      [
        { clientId: byKey.clientId, certificate: published, signed: true, decryptionKeys: [jwk] },
        'introspection_undecryptable',
      ],
      [{ ...wanted, certificate: other }, 'introspection_refused'],
      [{ ...wanted, clientId: 'unknown', signed: false }, 'introspection_refused'],
    ] as const) {
      await using stage = await open('node', { tokens: 'introspection', introspection })
      assert.deepEqual(await stage.get(accessToken, own), [503, reason])
      assert.equal(stage.troubles.length, 1)
    }
  })
})
