import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CertificatePeer } from './testing/certificate-peer.ts'
import { issueCertificate, type ClientCredential } from './testing/client-certificates.ts'
import { ask, json, post, type Answer } from './testing/https.ts'
import { Peer, type Granted } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'

const SUBJECT = 'C=DE,O=Example Bank,CN=victim'
const own = await issueCertificate({ subject: SUBJECT })
const theirs = await issueCertificate({ subject: 'C=DE,O=Example Bank,CN=other' })
const published = await issueCertificate({ subject: SUBJECT, by: 'itself' })

/** What an attacker may show in the name of the victim. */
const FALSE_CERTIFICATES: Readonly<Record<string, ClientCredential | null>> = {
  'no certificate': null,
  'the certificate of another client': theirs,
  'one that names the victim, made by the attacker': await issueCertificate({
    subject: SUBJECT,
    by: 'itself',
  }),
  'one of an authority that calls itself as the trusted one does': await issueCertificate({
    subject: SUBJECT,
    by: 'stranger',
  }),
  'one that has ended': await issueCertificate({ subject: SUBJECT, ends: Date.now() - 60_000 }),
  'one whose name only begins alike': await issueCertificate({ subject: `${SUBJECT}.evil` }),
  'one with the name in another place': await issueCertificate({
    subject: 'CN=x',
    names: [{ type: 'dns', value: 'victim' }],
  }),
}

const BACK_CHANNEL = ['par', 'token', 'introspect', 'revoke'] as const

const unplaced = {
  victim: new CertificatePeer({ clientId: 'victim', scope: 'openid', certificate: own }),
  other: new CertificatePeer({ clientId: 'other', scope: 'openid', certificate: theirs }),
  selfSigned: new CertificatePeer({ clientId: 'self-signed', certificate: published }),
}
/** Authenticates by assertion, and has its tokens bound to its certificate. */
const asserting = new Peer({ clientId: 'asserting', scope: 'openid' })
const ordinary = new Peer({ clientId: 'ordinary', scope: 'openid' })

let server: ServerProcess
let victim: CertificatePeer
let other: CertificatePeer
let selfSigned: CertificatePeer
let granted: Granted

before(async () => {
  const byName = (subject: string): object => ({
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: subject,
  })
  server = await serve((issuer, mtls) => ({
    issuer,
    mtls,
    clients: [
      unplaced.victim.metadata(byName('CN=victim,O=Example Bank,C=DE')),
      unplaced.other.metadata(byName('CN=other,O=Example Bank,C=DE')),
      unplaced.selfSigned.metadata({
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [published.jwk] },
      }),
      asserting.metadata({
        dpop_bound_access_tokens: false,
        tls_client_certificate_bound_access_tokens: true,
      }),
      ordinary.metadata(),
    ],
    scopes: SCOPES,
    users: USERS,
  }))
  victim = unplaced.victim.atSite(server.site)
  other = unplaced.other.atSite(server.site)
  selfSigned = unplaced.selfSigned.atSite(server.site)
  granted = await victim.logIn()
  assert.equal((await victim.userinfo(granted.accessToken)).status, 200)
})
after(async () => {
  await server.stop()
  server.site.remove()
})

function assertRefused(answer: Answer, status: number, error: string): void {
  assert.equal(answer.status, status, answer.body)
  assert.equal(json(answer)['error'], error, answer.body)
}

describe('who shows a false certificate', () => {
  for (const [what, certificate] of Object.entries(FALSE_CERTIFICATES)) {
    for (const endpoint of BACK_CHANNEL) {
      test(`MTLS-01 MTLS-02 SP-AS-06 is not the victim at ${endpoint}: ${what}`, async () => {
        assertRefused(
          await victim.send(endpoint, FORMS[endpoint], { certificate }),
          401,
          'invalid_client',
        )
      })
    }

    test(`MTLS-03 is not a client that published its certificate: ${what}`, async () => {
      assertRefused(await selfSigned.credentials({ certificate }), 401, 'invalid_client')
    })
  }

  test('MTLS-03 the published one is taken, and so the others were refused for what they are', async () => {
    assert.equal((await selfSigned.credentials()).status, 200)
    assert.equal((await victim.credentials()).status, 200)
  })

  test('SP-AS-06 a client has one method, and no other works for it', async () => {
    const { mtlsOrigin } = server.site
    const byAssertion = { assertion: {}, certificate: null }
    assertRefused(await victim.credentials(byAssertion), 401, 'invalid_client')
    assertRefused(await victim.credentials({ assertion: {} }), 401, 'invalid_client')
    const form = 'grant_type=client_credentials&scope=accounts&client_id=asserting'
    const byCertificate = await post(`${mtlsOrigin}/token`, form, { certificate: own })
    assertRefused(byCertificate, 401, 'invalid_client')
  })
})

const FORMS: Readonly<Record<(typeof BACK_CHANNEL)[number], Readonly<Record<string, string>>>> = {
  par: { response_type: 'code' },
  token: { grant_type: 'client_credentials', scope: 'accounts' },
  introspect: { token: 'x' },
  revoke: { token: 'x' },
}

/** The certificate of the victim as each kind of proxy would tell of it. */
const pem = encodeURIComponent(own.certificate)
const base64 = own.certificate.replaceAll(/-----[^-]+-----|\s/g, '')
const FORGED_FIELDS: readonly Readonly<Record<string, string>>[] = [
  { 'client-cert': `:${base64}:` },
  { 'client-cert': `:${base64}:`, 'client-cert-chain': `:${base64}:` },
  { 'x-ssl-cert': pem },
  { 'x-ssl-client-cert': pem },
  { 'x-client-cert': pem },
  { 'x-forwarded-client-cert': `Cert="${pem}"` },
  { 'x-forwarded-tls-client-cert': base64 },
]

describe('MTLS-09 a certificate in a header field counts nothing when no proxy is configured', () => {
  for (const headers of FORGED_FIELDS) {
    test(`MTLS-09 ${Object.keys(headers).join(' and ')}`, async () => {
      for (const place of [server.site.mtlsOrigin, server.site.origin]) {
        for (const certificate of [null, theirs]) {
          const attempt = { headers, certificate, url: `${place}/token` }
          assertRefused(await victim.credentials(attempt), 401, 'invalid_client')
        }
        const asked = await victim.userinfo(granted.accessToken, {
          headers,
          certificate: null,
          url: `${place}/userinfo`,
        })
        assert.equal(asked.status, 401, asked.body)
      }
    })
  }

  test('MTLS-09 nor does it take the place of the true one', async () => {
    const headers = { 'client-cert': `:${base64}:` }
    const answer = await other.credentials({ headers })
    assert.equal((await other.introspect(String(json(answer)['access_token']))).status, 200)
    const stolen = await other.userinfo(granted.accessToken, { headers })
    assertRefused(stolen, 401, 'invalid_token')
  })
})

describe('the two listeners', () => {
  const PAGES = [
    '/',
    '/authorize?client_id=victim&request_uri=urn:x',
    '/interaction/x',
    '/logout',
    '/jwks',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/status-lists/0',
    '/errors/x',
    '/assets/style.css',
  ]

  for (const path of PAGES) {
    test(`MTLS-08 where certificates are asked for nobody finds ${path}`, async () => {
      for (const certificate of [own, null]) {
        for (const method of ['GET', 'POST']) {
          const answer = await ask(`${server.site.mtlsOrigin}${path}`, { method, certificate })
          assert.equal(answer.status, 404, answer.body)
          assert.doesNotMatch(String(answer.headers['content-type']), /html/)
          assert.equal(answer.headers['set-cookie'], undefined)
          assert.equal(answer.headers.location, undefined)
        }
      }
    })
  }

  test('MTLS-01 where nobody is asked for a certificate none counts', async () => {
    for (const endpoint of BACK_CHANNEL) {
      const url = `${server.site.origin}/${endpoint}`
      assertRefused(await victim.send(endpoint, FORMS[endpoint], { url }), 401, 'invalid_client')
    }
  })

  test('DPOP-PRF-09 SP-AS-05 a proof is for the endpoint or for its alias', async () => {
    const { origin, mtlsOrigin } = server.site
    const peer = ordinary.at(origin)
    const url = `${mtlsOrigin}/token`
    const good = { proof: { claims: { htu: url } }, url, certificate: theirs }
    assert.equal((await peer.credentials(good)).status, 200)
    const elsewhere = { proof: { claims: { htu: `${origin}/token` } }, url }
    assertRefused(await peer.credentials(elsewhere), 400, 'invalid_dpop_proof')
    const back = { proof: { claims: { htu: url } } }
    assertRefused(await peer.credentials(back), 400, 'invalid_dpop_proof')
  })
})

describe('a token that is bound to a certificate', () => {
  test('MTLS-06 opens nothing without it', async () => {
    const { accessToken } = granted
    const plain = `${server.site.origin}/userinfo`
    for (const [what, difference] of Object.entries({
      'without certificate': { certificate: null },
      'with another certificate': { certificate: theirs },
      'with another certificate of the same name': { certificate: published },
      'at the plain endpoint': { url: plain },
      'at the plain endpoint, without certificate': { url: plain, certificate: null },
    })) {
      const answer = await victim.userinfo(accessToken, difference)
      assert.equal(answer.status, 401, what)
      assert.match(String(answer.headers['www-authenticate']), /error="invalid_token"/, what)
    }
  })

  test('SP-RS-01 is not taken with a DPoP proof instead', async () => {
    for (const url of [`${server.site.origin}/userinfo`, `${server.site.mtlsOrigin}/userinfo`]) {
      const peer = ordinary.at(server.site.origin)
      const answer = await peer.userinfo(granted.accessToken, { url, certificate: own })
      assertRefused(answer, 401, 'invalid_token')
    }
  })

  test('MTLS-06 DPOP-RS-02 nor does a certificate take the place of a proof', async () => {
    const peer = ordinary.at(server.site.origin)
    const { accessToken } = await peer.logIn()
    assert.equal((await peer.userinfo(accessToken)).status, 200)
    for (const url of [`${server.site.origin}/userinfo`, `${server.site.mtlsOrigin}/userinfo`]) {
      assertRefused(await victim.userinfo(accessToken, { url }), 401, 'invalid_token')
    }
  })

  test('MTLS-05 SP-AS-09 of another client nobody is told, and nobody can end it', async () => {
    assert.deepEqual(json(await other.introspect(granted.accessToken)), { active: false })
    assert.equal((await other.revoke(granted.accessToken)).status, 400)
    assert.equal(json(await victim.introspect(granted.accessToken))['active'], true)
  })
})

describe('what was stolen on the way', () => {
  test('SP-AZ-09 MTLS-01 a code is of no use to another client', async () => {
    const code = (await victim.authorize()).searchParams.get('code') ?? ''
    const { verifier: code_verifier } = victim
    assertRefused(await other.exchange(code, { form: { code_verifier } }), 400, 'invalid_grant')
    const inName = { certificate: theirs }
    assertRefused(await victim.exchange(code, inName), 401, 'invalid_client')
  })

  test('MTLS-11 SP-AS-09 nor is a refresh token', async () => {
    const { refreshToken = '' } = await victimWithRefreshToken()
    assertRefused(await other.refresh(refreshToken), 400, 'invalid_grant')
    for (const certificate of [null, theirs, published]) {
      assertRefused(await victim.refresh(refreshToken, { certificate }), 401, 'invalid_client')
    }
    assert.equal((await victim.refresh(refreshToken)).status, 200)
  })
})

function victimWithRefreshToken(): Promise<Granted> {
  return victim.logIn(victim.browser(), { form: { scope: 'openid offline_access' } })
}

describe('a client that is registered for tokens bound to its certificate, and authenticates by assertion', () => {
  const atTwin = (): { readonly url: string } => ({ url: `${server.site.mtlsOrigin}/token` })

  test('SP-AS-04 SP-AS-04a MTLS-07 gets no other token', async () => {
    const peer = asserting.at(server.site.origin)
    for (const [what, difference] of Object.entries({
      'at the plain endpoint': { proof: null },
      'at the plain endpoint, with a certificate nobody asked for': {
        proof: null,
        certificate: own,
      },
      'at the plain endpoint, with a DPoP proof': {},
      'without certificate': { ...atTwin(), proof: null },
      'with a DPoP proof instead': { ...atTwin() },
      'with a DPoP proof too': { ...atTwin(), certificate: own },
    })) {
      const { status, body } = await peer.credentials(difference)
      assert.equal(status, 400, `${what}: ${body}`)
      assert.equal(json({ body })['error'], 'invalid_request', what)
    }
  })

  test('MTLS-04 gets one that is bound to whatever it shows', async () => {
    const peer = asserting.at(server.site.origin)
    for (const certificate of [own, theirs, published]) {
      const answer = await peer.credentials({ ...atTwin(), proof: null, certificate })
      assert.equal(answer.status, 200, answer.body)
      assert.equal(json(answer)['token_type'], 'Bearer')
      const told = json(await peer.introspect(String(json(answer)['access_token'])))
      assert.deepEqual(told['cnf'], { 'x5t#S256': certificate.thumbprint })
    }
  })
})
