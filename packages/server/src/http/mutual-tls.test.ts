import { mutualTlsEndpointsOf } from '@signet/engine'
import { certificateThumbprint, decodeJwt } from '@signet/protocol'
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { Agent, createServer, type RequestOptions } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls'
import type { Config } from '../config/config.ts'
import { createAuthority, LOOPBACK, selfSigned, type Credential } from '../testing/certificates.ts'
import { exchange, type Received, type Sent } from '../testing/exchange.ts'
import { configOf, ISSUER, serviceConfig, startRig, type Rig } from '../testing/rig.ts'
import { serviceOf } from '../testing/service.ts'
import { shownInHandshake } from './certificates.ts'
import { ASKING, TLS } from './tls.ts'

const ORIGIN = 'https://mtls.as.example'

/** One authority for the servers and one, by an intermediate, for the clients. */
const servers = await createAuthority()
const clients = await createAuthority()
const intermediate = await clients.delegate('Intermediate')
const serverTls = await servers.issue(LOOPBACK)
const named = { names: [{ type: 'dns', value: 'bank.example' }] } as const
const leaf = await intermediate.issue(named)
const withChain = { ...leaf, certificate: `${leaf.certificate}\n${intermediate.certificate}` }
const expired = await intermediate.issue({ ...named, age: 40, lifetime: 30 })
const own = await selfSigned({ names: [], commonName: 'self' })

const base = {
  redirect_uris: [],
  grant_types: ['client_credentials'],
  scope: 'accounts',
  tls_client_certificate_bound_access_tokens: true,
}
const CLIENTS = [
  {
    ...base,
    client_id: 'ca',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'bank.example',
  },
  {
    ...base,
    client_id: 'self',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [jwkOf(own)] },
  },
]

function jwkOf({ certificate }: Credential): object {
  const { publicKey, raw } = new X509Certificate(certificate)
  return { ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] }
}

function withMutualTls(change: Partial<Config> = {}): Config {
  const mtls = {
    endpoints: mutualTlsEndpointsOf(ISSUER, ORIGIN),
    trustedAuthorities: [clients.certificate],
  }
  const { clients: registered, ...declared } = serviceConfig(ISSUER)
  return configOf({
    listen: { host: '127.0.0.1', port: 0, tls: serverTls },
    mtls: {
      origin: ORIGIN,
      listen: { host: '127.0.0.1', port: 0, tls: serverTls },
      trustedCas: [clients.certificate],
    },
    services: [
      {
        ...declared,
        service: serviceOf(ISSUER, { mtls }),
        clients: [...registered, ...CLIENTS],
      },
    ],
    ...change,
  })
}

interface Shown {
  readonly checkServerIdentity: () => undefined
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

const showing = (credential?: Credential): Shown => ({
  checkServerIdentity: () => undefined,
  ca: servers.certificate,
  ...(credential && { cert: credential.certificate, key: credential.key }),
})

/** Asks for a token as the client with this certificate. */
function askForToken(
  url: string,
  clientId: string,
  { tls = {}, headers = {} }: Pick<Sent, 'tls' | 'headers'> = {},
): Promise<Received> {
  const fields = { client_id: clientId, grant_type: 'client_credentials', scope: 'accounts' }
  return exchange(`${url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
    tls,
  })
}

async function reasonOf(rig: Rig, answer: Received): Promise<string | undefined> {
  const id = String(answer.json()['error_uri']).replace(/.*\//, '')
  return (await rig.store().audit.find(id))?.evidence?.reason
}

describe('the listener that asks for certificates', () => {
  let rig: Rig
  let url: string
  before(async () => {
    rig = await startRig(withMutualTls())
    url = rig.server.mtlsUrl ?? assert.fail('no second listener')
  })
  after(() => rig.server.close())

  test('MTLS-02 MTLS-03 knows a client by its certificate, and binds tokens to it', async () => {
    for (const [clientId, credential] of [
      ['ca', withChain],
      ['self', own],
    ] as const) {
      const answer = await askForToken(url, clientId, { tls: showing(credential) })
      assert.equal(answer.status, 200, answer.body)
      const { token_type: type, access_token: token } = answer.json()
      assert.equal(type, 'Bearer')
      const { raw } = new X509Certificate(credential.certificate)
      assert.deepEqual(decodeJwt(String(token)).claims['cnf'], {
        'x5t#S256': certificateThumbprint(raw),
      })
    }
  })

  test('MTLS-01 MTLS-10 lets any certificate and none through the handshake, and explains what is wrong', async () => {
    for (const credential of [undefined, own, expired, leaf]) {
      const answer = await askForToken(url, 'ca', { tls: showing(credential) })
      assert.equal(answer.status, 401)
      assert.equal(answer.json()['error'], 'invalid_client')
      assert.ok(await reasonOf(rig, answer))
    }
  })

  test('MTLS-02 is not told who a client is by a header, whoever sends it', async () => {
    const { raw } = new X509Certificate(leaf.certificate)
    const base64 = raw.toString('base64')
    const headers = {
      'client-cert': `:${base64}:`,
      'x-ssl-cert': base64,
      'x-ssl-client-cert': encodeURIComponent(leaf.certificate),
    }
    for (const credential of [undefined, own]) {
      const answer = await askForToken(url, 'ca', { tls: showing(credential), headers })
      assert.equal(answer.status, 401)
    }
    assert.equal((await askForToken(url, 'self', { tls: showing(own), headers })).status, 200)
  })

  test('MTLS-08 has every endpoint that the metadata names, and no other', async () => {
    const metadata = await exchange(`${rig.server.url}/.well-known/openid-configuration`, {
      tls: showing(),
    })
    const aliases: Readonly<Record<string, string>> = Object(
      metadata.json()['mtls_endpoint_aliases'],
    )
    const paths = Object.values(aliases).map((each) => new URL(each).pathname)
    assert.deepEqual(paths.toSorted(), ['/introspect', '/par', '/revoke', '/token', '/userinfo'])
    for (const path of paths) {
      const answer = await exchange(url + path, { method: 'POST', tls: showing() })
      assert.ok([400, 401].includes(answer.status), `${path} ${answer.status}`)
    }
    assert.equal((await exchange(`${url}/userinfo`, { tls: showing() })).status, 401)
  })

  test('MTLS-08 shows no page to a browser, and sends it nowhere', async () => {
    for (const path of [
      '/',
      '/authorize',
      '/authorize?client_id=app&request_uri=urn:ietf:params:oauth:request_uri:x',
      '/interaction/x',
      '/logout',
      '/jwks',
      '/errors/x',
      '/status-lists/0',
      '/assets/signet.css',
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
    ]) {
      for (const method of ['GET', 'POST']) {
        const headers = { accept: 'text/html' }
        const answer = await exchange(url + path, { method, headers, tls: showing() })
        assert.equal(answer.status, 404, `${method} ${path}`)
        assert.equal(answer.headers['content-type'], 'application/json')
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.ok(String(answer.json()['error_uri']).startsWith(`${ISSUER}/errors/`))
      }
    }
    const answer = await exchange(`${url}/token`, {
      headers: { accept: 'text/html' },
      tls: showing(),
    })
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST'])
  })

  test('MTLS-08 is the only one that asks: the other knows no certificate', async () => {
    assert.equal((await askForToken(rig.server.url, 'ca', { tls: showing(withChain) })).status, 401)
  })

  test('SP-NET-11 protects every answer like the other', async () => {
    for (const path of ['/token', '/nothing', '/userinfo']) {
      const { headers } = await exchange(url + path, { tls: showing() })
      assert.equal(headers['strict-transport-security'], 'max-age=63072000')
      assert.ok(Math.abs(Date.parse(headers.date ?? '') - Date.now()) < 60_000)
    }
  })

  test('X11 401 names every way to authenticate, and 400 is for who asked for a JWT', async () => {
    const asking = (accept?: string): Promise<Received> =>
      exchange(`${url}/introspect`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(accept !== undefined && { accept }),
        },
        body: 'token=x&client_id=ca',
        tls: showing(),
      })
    const plain = await asking()
    assert.equal(plain.status, 401)
    assert.equal(
      plain.headers['www-authenticate'],
      ['private_key_jwt', 'self_signed_tls_client_auth', 'tls_client_auth']
        .map((method) => `${method} realm="${ISSUER}"`)
        .join(', '),
    )
    const signed = await asking('application/token-introspection+jwt')
    assert.equal(signed.status, 400)
    assert.equal(signed.json()['error'], 'invalid_client')
    assert.equal(signed.headers['www-authenticate'], undefined)
  })

  test('OAU-09 userinfo challenges with every scheme that is of use there', async () => {
    const { headers } = await exchange(`${url}/userinfo`, { tls: showing() })
    const challenge = headers['www-authenticate'] ?? ''
    assert.match(challenge, /^DPoP algs="[^"]+", Bearer$|^Bearer, DPoP algs="[^"]+"$/)
  })

  test('reads a certificate once for each connection, not for each request', async (t) => {
    const reads = t.mock.method(TLSSocket.prototype, 'getPeerX509Certificate')
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...showing(own) })
    t.after(() => agent.destroy())
    for (let time = 0; time < 3; time += 1) {
      const answer = await askForToken(url, 'self', { tls: { agent } })
      assert.equal(answer.status, 200)
    }
    assert.equal(reads.mock.callCount(), 1)
  })

  test('SP-SEC-05 logs no certificate, nor who it is for', async () => {
    await askForToken(url, 'ca', { tls: showing(expired) })
    const log = rig.log.join('')
    assert.ok(!log.includes('bank.example'), log)
    for (const { certificate } of [leaf, own, expired]) {
      const { raw } = new X509Certificate(certificate)
      assert.ok(!log.includes(raw.toString('base64').slice(60, 100)))
    }
  })

  test('says where both listen', () => {
    const line = rig.log.find((each) => each.includes('"listening"')) ?? ''
    assert.partialDeepStrictEqual(JSON.parse(line), { port: 0, mtlsPort: 0 })
  })
})

describe('SP-NET-02 SP-NET-06 TLS of the listener that asks for certificates', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig(withMutualTls())
  })
  after(() => rig.server.close())

  async function shake(options: ConnectionOptions): Promise<TLSSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
    const port = Number(new URL(rig.server.mtlsUrl ?? '').port)
    const socket = connect({ host: '127.0.0.1', port, ...showing(), ...options })
    socket.once('error', reject).once('secureConnect', () => resolve(socket))
    return promise
  }

  test('SP-NET-02 SP-NET-06 has the versions and suites of the other', async () => {
    const lax = 'ALL:@SECLEVEL=0'
    await assert.rejects(shake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: lax }))
    const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const
    await assert.rejects(shake(old))
    const socket = await shake({})
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    socket.destroy()
  })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`MTLS-02 resumes no session of ${maxVersion}, because the intermediate would be lost`, async () => {
      let session: Buffer | undefined
      for (let time = 0; time < 2; time += 1) {
        const { cert, key } = { cert: withChain.certificate, key: withChain.key }
        const socket = await shake({ maxVersion, cert, key, ...(session && { session }) })
        socket.on('session', (ticket) => {
          session = ticket
        })
        assert.equal(socket.isSessionReused(), false)
        session = socket.getSession()
        const body = 'client_id=ca&grant_type=client_credentials&scope=accounts'
        socket.end(
          `POST /token HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        )
        let answer = ''
        for await (const chunk of socket) answer += String(chunk)
        assert.match(answer, /^HTTP\/1\.1 200 /)
      }
      assert.ok(session, 'there was something to resume')
    })
  }

  test('MTLS-12 takes a chain of ten certificates to the engine, and no longer one', async (t) => {
    let authority = clients
    const chain: string[] = []
    for (let depth = 0; depth < 12; depth += 1) {
      authority = await authority.delegate(`Authority ${depth}`)
      chain.unshift(authority.certificate)
    }
    const last = await authority.issue({ names: [], commonName: 'last' })
    const certificates = shownInHandshake()
    const lengths: number[] = []
    const listening = createServer(
      { ...TLS, ...ASKING, cert: serverTls.certificate, key: serverTls.key },
      (request, response) => {
        lengths.push(certificates(request).chain.length)
        response.end()
      },
    )
    t.after(() => listening.close())
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const address = listening.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const at = `https://127.0.0.1:${port}`
    await exchange(at, {
      tls: showing({ ...last, certificate: [last.certificate, ...chain].join('\n') }),
    })
    await exchange(at, { tls: showing(withChain) })
    await exchange(at, { tls: showing() })
    assert.deepEqual(lengths, [10, 2, 0])
  })
})

describe('MTLS-09 behind a proxy', () => {
  const { raw } = new X509Certificate(leaf.certificate)
  const told = {
    'client-cert': `:${raw.toString('base64')}:`,
    'client-cert-chain': `:${new X509Certificate(intermediate.certificate).raw.toString('base64')}:`,
  }
  const stranger: RequestOptions = { localAddress: '127.0.0.2' }
  let rig: Rig
  let url: string
  before(async () => {
    rig = await startRig(
      withMutualTls({
        listen: { host: '127.0.0.1', port: 0 },
        mtls: {
          origin: ORIGIN,
          listen: { host: '127.0.0.1', port: 0 },
          trustedCas: [clients.certificate],
        },
        proxies: { trusted: ['127.0.0.1'], clientCertificateHeader: 'rfc9440' },
      }),
    )
    url = rig.server.mtlsUrl ?? assert.fail('no second listener')
  })
  after(() => rig.server.close())

  test('MTLS-09 a client is who the proxy says', async () => {
    const answer = await askForToken(url, 'ca', { headers: told })
    assert.equal(answer.status, 200, answer.body)
    const { access_token: token } = answer.json()
    assert.deepEqual(decodeJwt(String(token)).claims['cnf'], {
      'x5t#S256': certificateThumbprint(raw),
    })
  })

  test('MTLS-09 nobody else can say who a client is, and what it says is not even looked at', async () => {
    for (const headers of [
      {},
      told,
      { 'client-cert': 'garbage' },
      { ...told, 'x-ssl-cert': raw.toString('base64') },
      { ...told, 'x-forwarded-for': '127.0.0.1' },
    ]) {
      const answer = await askForToken(url, 'ca', { tls: stranger, headers })
      assert.equal(answer.status, 401)
      assert.equal(await reasonOf(rig, answer), await reasonWithout())
    }
  })

  /** What somebody without a certificate is told. */
  async function reasonWithout(): Promise<string | undefined> {
    return reasonOf(rig, await askForToken(url, 'ca'))
  }

  test('MTLS-09 two formats at once are refused: one of them came from outside', async () => {
    const headers = { ...told, 'x-forwarded-client-cert': 'Cert="x"' }
    for (const path of ['/token', '/par', '/introspect', '/revoke', '/userinfo']) {
      const answer = await exchange(url + path, { method: 'POST', headers })
      assert.equal(answer.status, 400, path)
      assert.equal(answer.json()['error'], 'invalid_request')
      assert.equal(await reasonOf(rig, answer), 'certificate_formats_mixed')
    }
  })

  test('MTLS-09 a header that cannot be read is refused, and told without the certificate', async () => {
    const answer = await askForToken(url, 'ca', {
      headers: { 'client-cert': raw.toString('base64') },
    })
    assert.equal(answer.status, 400)
    assert.equal(await reasonOf(rig, answer), 'certificate_header_unreadable')
    assert.ok(!rig.log.join('').includes(raw.toString('base64').slice(60, 100)))
  })

  test('MTLS-09 the header means nothing at the plain endpoints', async () => {
    assert.equal((await askForToken(rig.server.url, 'ca', { headers: told })).status, 401)
  })

  test('MTLS-09 where the proxy tells of certificates, none is asked for in the handshake', async (t) => {
    const other = await startRig(
      withMutualTls({
        proxies: { trusted: ['127.0.0.1'], clientCertificateHeader: 'rfc9440' },
      }),
    )
    t.after(() => other.server.close())
    const at = other.server.mtlsUrl ?? ''
    assert.equal((await askForToken(at, 'ca', { tls: showing(withChain) })).status, 401)
    assert.equal((await askForToken(at, 'ca', { tls: showing(own), headers: told })).status, 200)
    assert.equal(
      (await askForToken(at, 'ca', { tls: { ...showing(), ...stranger }, headers: told })).status,
      401,
    )
  })
})

describe('several services', () => {
  test('MTLS-08 are told apart by the host of their aliases, where they share a path', async (t) => {
    const services = ['a', 'b'].map((name) => {
      const issuer = `https://${name}.example`
      const mtls = {
        endpoints: mutualTlsEndpointsOf(issuer, `https://mtls.${name}.example`),
        trustedAuthorities: [],
      }
      return serviceConfig(issuer, { service: serviceOf(issuer, { mtls }), clients: [] })
    })
    const rig = await startRig(withMutualTls({ services }))
    t.after(() => rig.server.close())
    const issuerOf = async (host: string): Promise<string> => {
      const headers = { host }
      const answer = await exchange(`${rig.server.mtlsUrl}/token`, {
        method: 'POST',
        headers,
        tls: showing(),
      })
      return `${answer.status} ${new URL(String(answer.json()['error_uri'])).host}`
    }
    assert.equal(await issuerOf('mtls.a.example'), '400 a.example')
    assert.equal(await issuerOf('mtls.b.example'), '400 b.example')
    assert.match(await issuerOf('b.example'), /^404 /)
  })
})

describe('a server with two listeners', () => {
  test('closes both, however often it is asked', async () => {
    const rig = await startRig(withMutualTls())
    const urls = [rig.server.url, rig.server.mtlsUrl ?? '']
    await Promise.all([rig.server.close(), rig.server.close()])
    for (const url of urls) await assert.rejects(exchange(url, { tls: showing() }))
  })

  test('lets go of the first when the second has no port', async () => {
    const taken = await startRig(withMutualTls())
    const [port, mtlsPort] = [taken.server.url, taken.server.mtlsUrl ?? ''].map((url) =>
      Number(new URL(url).port),
    )
    const clash = withMutualTls({
      mtls: {
        origin: ORIGIN,
        listen: { host: '127.0.0.1', port: mtlsPort ?? 0, tls: serverTls },
        trustedCas: [],
      },
    })
    await assert.rejects(startRig(clash), { code: 'EADDRINUSE' })
    await taken.server.close()
    const again = await startRig(
      withMutualTls({ listen: { host: '127.0.0.1', port: port ?? 0, tls: serverTls } }),
    )
    await again.server.close()
  })
})
