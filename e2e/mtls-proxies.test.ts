import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { CertificatePeer } from './testing/certificate-peer.ts'
import { claimsOf } from './testing/claims.ts'
import { signet } from './testing/cli.ts'
import { issueCertificate, type ClientCredential } from './testing/client-certificates.ts'
import { freePorts } from './testing/free-ports.ts'
import { ask, json, member, type Answer } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { startProxy, type Proxy, type ProxyFormat } from './testing/proxy.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'

const SUBJECT = 'C=DE,O=Example Bank,CN=behind'
const own = await issueCertificate({ subject: SUBJECT })
const published = await issueCertificate({ subject: 'CN=self', by: 'itself' })
const theirs = await issueCertificate({ subject: 'C=DE,O=Example Bank,CN=attacker' })
const ended = await issueCertificate({ subject: SUBJECT, ends: Date.now() - 60_000 })
const invented = await issueCertificate({ subject: SUBJECT, by: 'stranger' })

/** Every way to say in a header that one has shown a certificate. */
function claiming({ certificate }: ClientCredential): Readonly<Record<string, string>> {
  const base64 = new X509Certificate(certificate).raw.toString('base64')
  const escaped = encodeURIComponent(certificate)
  return {
    'client-cert': `:${base64}:`,
    'x-ssl-client-cert': escaped,
    'x-ssl-cert': base64,
    'x-forwarded-client-cert': `Cert="${escaped}"`,
  }
}

const unplaced = {
  known: new CertificatePeer({
    clientId: 'known',
    scope: 'openid offline_access',
    certificate: own,
  }),
  selfSigned: new CertificatePeer({ clientId: 'self-signed', certificate: published }),
}
const asserting = new Peer({ clientId: 'asserting' })

const CLIENTS = [
  unplaced.known.metadata({
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=behind,O=Example Bank,C=DE',
  }),
  unplaced.selfSigned.metadata({
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [published.jwk] },
  }),
  asserting.metadata({
    dpop_bound_access_tokens: false,
    tls_client_certificate_bound_access_tokens: true,
  }),
]

const PROXIES: Readonly<Record<ProxyFormat, string>> = {
  'nginx-escaped-pem': 'nginx',
  'x-ssl-cert': 'HAProxy',
  rfc9440: 'HAProxy in the words of RFC 9440',
}
const FORMATS = ['nginx-escaped-pem', 'x-ssl-cert', 'rfc9440'] as const

for (const format of FORMATS) {
  describe(`behind ${PROXIES[format]}`, () => {
    let server: ServerProcess
    let proxy: Proxy | undefined
    let known: CertificatePeer
    let selfSigned: CertificatePeer
    let mtlsPort: number

    before(async () => {
      const [plain = 0, mtls = 0, main = 0, second = 0] = await freePorts(4)
      const place = {
        origin: `https://localhost:${plain}`,
        mtlsOrigin: `https://localhost:${mtls}`,
      }
      server = await serve(() => ({
        issuer: place.origin,
        listen: { port: main },
        mtls: {
          origin: place.mtlsOrigin,
          listen: { port: second },
          trusted_cas: ['client-ca.pem'],
        },
        proxies: { trusted: ['127.0.0.1'], client_certificate_header: format },
        clients: CLIENTS,
        scopes: SCOPES,
        users: USERS,
      }))
      const ports = { plain, mtls, server: main, serverMtls: second }
      proxy = await startProxy(format, ports, server.site.folder)
      known = unplaced.known.atSite(place)
      selfSigned = unplaced.selfSigned.atSite(place)
      mtlsPort = second
    })
    after(async () => {
      await proxy?.stop()
      await server.stop()
      server.site.remove()
    })

    test('MTLS-09 a client goes through a whole flow with its certificate', async () => {
      const { accessToken, refreshToken } = await known.logIn()
      assert.deepEqual(claimsOf(accessToken)['cnf'], { 'x5t#S256': own.thumbprint })
      assert.equal((await known.userinfo(accessToken)).status, 200)
      assert.equal((await known.refresh(refreshToken ?? '')).status, 200)
      assert.equal(json(await known.introspect(accessToken))['active'], true)
      assert.equal((await known.revoke(accessToken)).status, 200)
      assert.equal((await known.userinfo(accessToken)).status, 401)
    })

    test('MTLS-03 MTLS-09 a certificate that nobody vouches for gets to the server', async () => {
      const token = member(await selfSigned.credentials(), 'access_token')
      assert.deepEqual(claimsOf(token)['cnf'], { 'x5t#S256': published.thumbprint })
      assert.equal((await selfSigned.credentials({ certificate: theirs })).status, 401)
    })

    test('MTLS-04 MTLS-09 a token is bound to the certificate of the connection to the proxy', async () => {
      const peer = new CertificatePeer({
        issuer: known.issuer,
        mtlsOrigin: known.mtlsOrigin,
        clientId: 'asserting',
        key: asserting.key,
        certificate: theirs,
      })
      const answer = await peer.credentials({ assertion: {} })
      const token = member(answer, 'access_token')
      assert.deepEqual(claimsOf(token)['cnf'], { 'x5t#S256': theirs.thumbprint })
      const unbound = await peer.credentials({ assertion: {}, certificate: null })
      assert.deepEqual([unbound.status, json(unbound)['error']], [400, 'invalid_request'])
    })

    test('MTLS-02 MTLS-09 what is wrong with a certificate the server says, not the proxy', async () => {
      for (const certificate of [invented, theirs, null, ended]) {
        const answer = await known.credentials({ certificate })
        assert.deepEqual([answer.status, json(answer)['error']], [401, 'invalid_client'])
      }
      const event = member(await known.credentials({ certificate: ended }), 'error_uri')
      const told = await signet(['explain', event, '--config', server.site.configFile])
      assert.match(told.stdout, /reason client_certificate_not_valid_now/)
    })

    test('MTLS-09 what a caller says of certificates in headers has no effect', async () => {
      const claims = claiming(own)
      const chain = { 'client-cert-chain': claims['client-cert'] ?? '' }
      for (const headers of [
        ...Object.entries(claims).map(([name, value]): OutgoingHttpHeaders => ({ [name]: value })),
        { ...claims, ...chain },
        { 'X-SSL-CLIENT-CERT': claims['x-ssl-client-cert'], x_ssl_cert: claims['x-ssl-cert'] },
        { 'x-ssl-cert': [claims['x-ssl-cert'] ?? '', claims['x-ssl-cert'] ?? ''] },
        { 'client-cert': 'garbage', 'x-ssl-cert': 'garbage', 'x-ssl-client-cert': 'garbage' },
      ]) {
        for (const certificate of [null, theirs]) {
          const answer = await known.credentials({ certificate, headers })
          assert.equal(answer.status, 401, JSON.stringify(Object.keys(headers)))
        }
        assert.equal((await known.credentials({ headers })).status, 200)
      }
    })

    test('MTLS-09 who goes past the proxy is nobody, whatever it says', async () => {
      for (const headers of [{}, claiming(own)]) {
        const answer = await goPast(mtlsPort, headers)
        assert.deepEqual([answer.status, json(answer)['error']], [401, 'invalid_client'])
      }
    })

    test('a new connection of the same client is as good as the first', async () => {
      for (let time = 0; time < 3; time += 1) {
        const answer = await known.credentials({ headers: { connection: 'close' } })
        assert.equal(answer.status, 200)
      }
    })

    test('MTLS-08 a browser is asked for no certificate, and finds no page where one is asked for', async () => {
      assert.equal((await ask(known.issuer)).status, 200)
      assert.equal((await ask(`${known.issuer}/token`, { method: 'POST' })).status, 400)
      for (const path of ['/', '/authorize', '/.well-known/openid-configuration']) {
        assert.equal((await ask(known.mtlsOrigin + path)).status, 404)
      }
    })
  })
}

/** Asks the server itself for a token, from an address that is of no proxy. */
async function goPast(port: number, headers: OutgoingHttpHeaders): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asking = { host: '127.0.0.1', port, path: '/token', localAddress: '127.0.0.2' }
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  request({ ...asking, method: 'POST', headers: { ...type, ...headers }, agent: false }, resolve)
    .on('error', reject)
    .end('client_id=known&grant_type=client_credentials&scope=accounts')
  const incoming = await promise
  const { statusCode: status = 0 } = incoming
  return { status, headers: incoming.headers, body: await text(incoming) }
}
