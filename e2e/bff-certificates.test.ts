import {
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Browser } from './flow/browser.ts'
import { AppBrowser } from './testing/app-browser.ts'
import { AUTHORITY } from './testing/authority.ts'
import { serveBffSite, type BffSite } from './testing/bff-site.ts'
import { issueCertificate, type ClientCredential } from './testing/client-certificates.ts'
import { serveGuarded, type GuardedApi } from './testing/guarded-api.ts'
import { json } from './testing/https.ts'
import { passThrough } from './testing/peer.ts'

const RESOURCE = 'https://api.example'

const key = generateSigningKey('ES256')
const decryptionKey = generateEncryptionKey('ECDH-ES')
const named = await issueCertificate({ subject: 'CN=app' })
const renewed = await issueCertificate({ subject: 'CN=app' })
const selfSigned = await issueCertificate({ subject: 'CN=app', by: 'itself' })

/** A client as the server registered it, and the settings of a BFF that is this client. */
interface Variant {
  readonly registered: object
  readonly settings: { readonly client: object } & Readonly<Record<string, unknown>>
}

const BY_NAME = {
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=app',
}
const BOUND = { tls_client_certificate_bound_access_tokens: true }
const PROVEN = { dpop_bound_access_tokens: true }
const SIGNED = { profile: 'fapi2-message-signing' }
const KEYS = { jwks: { keys: [key.publicJwk] } }

const TLS = { certificate: 'named.pem', key: 'named-key.pem' }
const BINDS = { tls: TLS, sender_constraint: 'mtls' }
const AUTHENTICATES = { tls: TLS, authentication: 'tls_client_auth' }
const SIGNS = { key_files: ['own.jwk'] }

const AGREED = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' }
const encrypted = (name: string): object => ({
  [`${name}_alg`]: AGREED.alg,
  [`${name}_enc`]: AGREED.enc,
})

const VARIANTS: Readonly<Record<string, Variant>> = {
  'private_key_jwt and a certificate for its tokens': {
    registered: { ...KEYS, ...BOUND },
    settings: { client: { ...SIGNS, ...BINDS } },
  },
  'tls_client_auth and proofs for its tokens': {
    registered: { ...BY_NAME, ...PROVEN, jwks: undefined },
    settings: { client: AUTHENTICATES },
  },
  'tls_client_auth and the certificate for its tokens': {
    registered: { ...BY_NAME, ...BOUND, jwks: undefined },
    settings: { client: { ...AUTHENTICATES, ...BINDS } },
  },
  'self_signed_tls_client_auth and that certificate for its tokens': {
    registered: {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [selfSigned.jwk] },
      ...BOUND,
    },
    settings: {
      client: {
        tls: { certificate: 'self.pem', key: 'self-key.pem' },
        authentication: 'self_signed_tls_client_auth',
        sender_constraint: 'mtls',
      },
    },
  },
  'signed messages': {
    registered: { ...KEYS, ...PROVEN, ...SIGNED },
    settings: { client: SIGNS, ...SIGNED },
  },
  'everything: certificates, and messages that are signed and encrypted': {
    registered: {
      ...BY_NAME,
      ...BOUND,
      ...SIGNED,
      jwks: { keys: [key.publicJwk, decryptionKey.publicJwk] },
      userinfo_signed_response_alg: 'ES256',
      ...encrypted('request_object_encryption'),
      ...encrypted('authorization_encrypted_response'),
      ...encrypted('id_token_encrypted_response'),
      ...encrypted('userinfo_encrypted_response'),
    },
    settings: {
      client: { ...SIGNS, ...AUTHENTICATES, ...BINDS, decryption_key_files: ['decryption.jwk'] },
      ...SIGNED,
      request_object_encryption: AGREED,
    },
  },
}

const idOf = (index: number): string => `client-${index}`

let site: BffSite
let api: GuardedApi
before(async () => {
  site = await serveBffSite(RESOURCE, {
    settings: (mtls) => ({ mtls, request_object_encryption: [AGREED.alg] }),
    clients: Object.values(VARIANTS).map(({ registered }, index) => ({
      client_id: idOf(index),
      ...registered,
    })),
  })
  api = await serveGuarded('node', {
    issuer: site.issuer,
    resource: RESOURCE,
    senderConstraint: 'either',
    ca: AUTHORITY,
  })
  const write = (name: string, credential: ClientCredential): void => {
    site.write(`${name}.pem`, credential.certificate)
    site.write(`${name}-key.pem`, credential.key)
  }
  write('named', named)
  write('renewed', renewed)
  write('self', selfSigned)
  site.write('own.jwk', JSON.stringify(exportPrivateJwk(key)))
  site.write('decryption.jwk', JSON.stringify(exportDecryptionJwk(decryptionKey)))
})
after(async () => {
  await site.close()
  await api.close()
})

/** Starts the BFF again, as this client. */
async function become(index: number, { client, ...more }: Variant['settings']): Promise<void> {
  await site.bff.stop()
  site.configure({
    client: { client_id: idOf(index), ...client },
    ...more,
    frontends: [
      {
        name: 'spa',
        public_origin: site.app,
        scopes: ['openid', 'profile', 'accounts', 'offline_access'],
        routes: [{ match: '/api/', target: `${api.origin}/`, token: 'user' }],
      },
    ],
  })
  await site.bff.start()
}

/** Logs a new person in. */
async function logIn(): Promise<AppBrowser> {
  const app = new AppBrowser(site.app)
  const begun = await app.open('/bff/login?returnUrl=/')
  assert.equal(begun.status, 303, begun.body + site.bff.output().slice(-2_000))
  const link = new URL(begun.headers.location ?? '')
  const back = await passThrough(new Browser(site.issuer), link)
  const arrived = await app.open(back, 'cross-site')
  assert.equal(arrived.status, 200, arrived.body + site.bff.output().slice(-2_000))
  return app
}

describe('a BFF from the command line is a client of Signet with', () => {
  for (const [index, [title, { settings }]] of Object.entries(VARIANTS).entries()) {
    test(`SP-CL-01 SP-CL-02 SP-CL-07 ${title}`, async () => {
      await become(index, settings)
      const app = await logIn()
      const { claims } = json(await app.call('/bff/user'))
      assert.equal(Object(claims).name, 'Alice Example')
      const answer = await app.call('/api/accounts')
      assert.equal(answer.status, 200, JSON.stringify(api.events))
      assert.deepEqual(json(answer)['scopes'], ['openid', 'profile', 'accounts', 'offline_access'])
      const { logoutUrl } = json(await app.call('/bff/logout', { method: 'POST' }))
      assert.equal((await app.open(String(logoutUrl), 'same-origin')).status, 303)
      assert.doesNotMatch(site.bff.output(), /PRIVATE KEY|eyJ/)
    })
  }

  test('MTLS-11 a certificate that was renewed, while people stay logged in', async () => {
    const [, , byCertificate] = Object.values(VARIANTS)
    assert.ok(byCertificate !== undefined)
    await become(2, byCertificate.settings)
    const app = await logIn()
    assert.equal((await app.call('/api/accounts')).status, 200)
    const tls = { certificate: 'renewed.pem', key: 'renewed-key.pem' }
    await become(2, { client: { ...byCertificate.settings.client, tls } })
    const refused = api.events.length
    assert.equal((await app.call('/api/accounts')).status, 200, JSON.stringify(api.events))
    assert.equal(api.events.length, refused)
  })
})
