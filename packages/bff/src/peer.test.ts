import { exportDecryptionJwk, generateEncryptionKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import type { ClientOptions } from './config/options.ts'
import {
  clientCertificate,
  selfSignedCertificate,
  type TestCertificate,
} from './testing/certificates.ts'
import { logIn, openPeer, why } from './testing/peer.ts'
import { jsonOf } from './testing/stage.ts'
import { goesOnTo } from './testing/test-browser.ts'

describe('oidc-provider, in FAPI 2.0 mode with DPoP nonces', () => {
  test('SP-CL-01 SP-CL-02 SP-CL-08 logs in, and answers with a token and a proof', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
    const user = jsonOf(await browser.call(`${peer.origin}/bff/user`))
    assert.deepEqual(
      { ...Object(user['claims']), auth_time: 0 },
      {
        sub: 'alice',
        name: 'Alice Example',
        auth_time: 0,
      },
    )
    assert.equal((await browser.call(`${peer.origin}/api/accounts`)).status, 200)
    assert.equal((await browser.call(`${peer.origin}/client/x`)).status, 200)
    // The first request of all is told a nonce; the next ones have it.
    const asked = peer.asked.filter((each) => each.startsWith('POST'))
    assert.deepEqual(asked.slice(0, 3), [
      'POST /request 400',
      'POST /request 201',
      'POST /token 200',
    ])
  })

  test('SP-CL-06 refreshes, from two tabs with one request', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    await logIn(peer, browser)
    peer.clock.offset = 400
    const before = peer.asked.length
    const tabs = await Promise.all([1, 2].map(() => browser.call(`${peer.origin}/api/x`)))
    assert.deepEqual(
      tabs.map(({ status }) => status),
      [200, 200],
      why(peer),
    )
    assert.deepEqual(peer.asked.slice(before), ['POST /token 200'])
    peer.clock.offset = 800
    assert.equal((await browser.call(`${peer.origin}/api/x`)).status, 200)
    const asked = peer.asked.slice(before).filter((each) => each.startsWith('POST'))
    assert.deepEqual(asked, ['POST /token 200', 'POST /token 200'])
  })

  test('BFF-08 logs out: takes the refresh token back, and names the person by the ID token', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    await logIn(peer, browser)
    const logout = await browser.call(`${peer.origin}/bff/logout`, { method: 'POST' })
    assert.equal(logout.status, 200)
    for (let at = 0; at < 100 && !peer.asked.includes('POST /token/revocation 200'); at++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.ok(peer.asked.includes('POST /token/revocation 200'))
    const next = await browser.open(peer.origin + String(jsonOf(logout)['logoutUrl']))
    const end = await browser.open(next.headers.location ?? '', 'cross-site')
    assert.equal(end.status, 200, end.body)
  })
})

const SIGNED = { requestObjects: { enabled: true }, jwtResponseModes: { enabled: true } }

describe('oidc-provider, with signed messages', () => {
  test('MS-JAR-07 MS-JARM-03 MS-JARM-04 takes signed requests and gives signed responses', async () => {
    await using peer = await openPeer({
      bff: { profile: 'fapi2-message-signing' },
      registration: { require_signed_request_object: true },
      features: SIGNED,
    })
    const browser = await peer.browser()
    assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
    assert.equal((await browser.call(`${peer.origin}/api/accounts`)).status, 200)
    // The same request object serves the second try, with the nonce: it was not used up by the first.
    const pushed = peer.asked.filter((each) => each.startsWith('POST /request'))
    assert.deepEqual(pushed, ['POST /request 400', 'POST /request 201'])
  })

  test('MS-JAR-07 refuses what is not signed, once it was told to', async () => {
    await using peer = await openPeer({
      registration: { require_signed_request_object: true },
      features: SIGNED,
    })
    const browser = await peer.browser()
    assert.equal((await browser.open(`${peer.origin}/bff/login`)).status, 502)
  })

  for (const [alg, enc] of [
    ['RSA-OAEP-256', 'A128CBC-HS256'],
    ['ECDH-ES', 'A256GCM'],
  ] as const) {
    test(`MS-JARM-04 JARM-04 encrypts everything with ${alg}, and reads what is encrypted for it`, async () => {
      const key = generateEncryptionKey(alg)
      await using peer = await openPeer({
        bff: {
          profile: 'fapi2-message-signing',
          requestObjectEncryption: { alg: 'ECDH-ES', enc: 'A256GCM' },
        },
        client: { decryptionKeys: [exportDecryptionJwk(key)] },
        keys: [key.publicJwk],
        ownKeys: [exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))],
        registration: {
          require_signed_request_object: true,
          request_object_encryption_alg: 'ECDH-ES',
          request_object_encryption_enc: 'A256GCM',
          authorization_encrypted_response_alg: alg,
          authorization_encrypted_response_enc: enc,
          id_token_encrypted_response_alg: alg,
          id_token_encrypted_response_enc: enc,
          userinfo_signed_response_alg: 'ES256',
          userinfo_encrypted_response_alg: alg,
          userinfo_encrypted_response_enc: enc,
        },
        features: { ...SIGNED, encryption: { enabled: true }, jwtUserinfo: { enabled: true } },
      })
      const browser = await peer.browser()
      assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
      const user = jsonOf(await browser.call(`${peer.origin}/bff/user`))
      assert.equal(Object(user['claims']).name, 'Alice Example')
      peer.clock.offset = 400
      assert.equal((await browser.call(`${peer.origin}/api/x`)).status, 200, why(peer))
      // The hint for the peer is one that it can read.
      const logout = await browser.call(`${peer.origin}/bff/logout`, { method: 'POST' })
      const next = await browser.open(peer.origin + String(jsonOf(logout)['logoutUrl']))
      const end = await browser.open(next.headers.location ?? '', 'cross-site')
      assert.equal(end.status, 200, end.body)
    })
  }
})

const vouched = await clientCertificate('bank')
const selfSigned = await selfSignedCertificate('bank')

const BY_CERTIFICATE = {
  dpop_bound_access_tokens: false,
  tls_client_certificate_bound_access_tokens: true,
}

const BY_NAME = {
  token_endpoint_auth_method: 'tls_client_auth',
  token_endpoint_auth_signing_alg: undefined,
  tls_client_auth_san_dns: 'bank.example',
}

interface Combination {
  readonly client: Partial<ClientOptions>
  readonly registration: object
  readonly keys?: readonly object[]
}

const COMBINATIONS: Readonly<Record<string, Combination>> = {
  'private_key_jwt and certificates': {
    client: { tls: tlsOf(vouched), senderConstraint: 'mtls' },
    registration: BY_CERTIFICATE,
  },
  'tls_client_auth and proofs': {
    client: { tls: tlsOf(vouched), authentication: 'tls_client_auth' },
    registration: BY_NAME,
  },
  'tls_client_auth and certificates': {
    client: {
      tls: tlsOf(vouched),
      authentication: 'tls_client_auth',
      senderConstraint: 'mtls',
    },
    registration: { ...BY_CERTIFICATE, ...BY_NAME },
  },
  'self_signed_tls_client_auth and certificates': {
    client: {
      tls: tlsOf(selfSigned),
      authentication: 'self_signed_tls_client_auth',
      senderConstraint: 'mtls',
    },
    registration: {
      ...BY_CERTIFICATE,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      token_endpoint_auth_signing_alg: undefined,
    },
    keys: [jwkOf(selfSigned)],
  },
}

function tlsOf({ certificate, key }: TestCertificate): NonNullable<ClientOptions['tls']> {
  return { certificate, key }
}

/** A key as a client registers it that authenticates with this certificate. @see RFC 8705 §2.2.2 */
function jwkOf({ certificate }: TestCertificate): object {
  const { publicKey, raw } = new X509Certificate(certificate)
  return { ...publicKey.export({ format: 'jwk' }), use: 'sig', x5c: [raw.toString('base64')] }
}

describe('oidc-provider, with mutual TLS', () => {
  for (const [title, { client, registration, keys = [] }] of Object.entries(COMBINATIONS)) {
    for (const profile of ['fapi2-security', 'fapi2-message-signing'] as const) {
      test(`SP-CL-01 SP-CL-02 SP-CL-07 knows the client by ${title}, with ${profile}`, async () => {
        await using peer = await openPeer({
          bff: { profile },
          client,
          keys,
          registration: {
            ...registration,
            require_signed_request_object: profile === 'fapi2-message-signing',
          },
          features: SIGNED,
        })
        const browser = await peer.browser()
        assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
        assert.equal((await browser.call(`${peer.origin}/api/x`)).status, 200, why(peer))
        peer.clock.offset = 400
        assert.equal((await browser.call(`${peer.origin}/api/x`)).status, 200, why(peer))
        assert.equal((await browser.call(`${peer.origin}/client/x`)).status, 200, why(peer))
        const calls = ['/request', '/token', '/me']
        const isCall = (each: string): boolean => calls.includes(each.split(' ')[1] ?? '')
        assert.deepEqual(peer.asked.filter(isCall), [])
        assert.deepEqual(new Set(peer.askedTwins.map((each) => each.split(' ')[1])), new Set(calls))
      })
    }
  }

  test('SP-CL-02 refuses a client with the certificate of somebody else', async () => {
    const other = await clientCertificate('shop')
    await using peer = await openPeer({
      client: { tls: tlsOf(other), authentication: 'tls_client_auth' },
      registration: BY_NAME,
    })
    const browser = await peer.browser()
    assert.equal((await browser.open(`${peer.origin}/bff/login`)).status, 502)
  })
})
