import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { issue, keyPem, named, rsa, validToday } from '@signet/protocol/testing/certificates'
import {
  createServer,
  getCiphers,
  type ConnectionOptions,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls'
import { once } from 'node:events'
import { CREDENTIAL } from './testing/authority.ts'
import { portOf } from './testing/free-ports.ts'
import { ask, post, type Answer } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { createSite, serviceFor } from './testing/site.ts'
import { dial, say, sayPlain, statusOf } from './testing/wire.ts'

const RECOMMENDED = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
]

/** Every suite of TLS 1.2 that this OpenSSL knows. */
const SUITES = getCiphers()
  .map((name) => name.toUpperCase())
  .filter((name) => !name.startsWith('TLS_'))

/** A client as careless as OpenSSL allows. */
const careless = (minVersion: SecureVersion, maxVersion: SecureVersion): SecureContextOptions => ({
  minVersion,
  maxVersion,
  ciphers: 'ALL:eNULL:@SECLEVEL=0',
})

const peer = new Peer({ clientId: 'app' })
let server: ServerProcess
let client: Peer
let port: number

before(async () => {
  server = await serve(serviceFor([peer.metadata()]))
  ;({ port } = server.site)
  client = peer.at(server.site.origin)
})
after(async () => {
  await server.stop()
  server.site.remove()
})

describe('the connection', () => {
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    test(`SP-NET-02 refuses ${version}`, async () => {
      await assert.rejects(dial(port, careless(version, version)), isHandshakeFailure)
    })

    test(`a server that takes ${version} would have been reached by that client`, async () => {
      const lax = createServer({
        cert: CREDENTIAL.certificate,
        key: CREDENTIAL.key,
        ...careless('TLSv1', 'TLSv1.2'),
      })
      lax.listen(0, '127.0.0.1')
      await once(lax, 'listening')
      const socket = await dial(portOf(lax), careless(version, version))
      assert.equal(socket.getProtocol(), version)
      socket.destroy()
      lax.close()
    })
  }

  test('SP-NET-02 prefers TLS 1.3 where both sides can', async () => {
    const socket = await dial(port, { minVersion: 'TLSv1.2' })
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    socket.destroy()
  })

  test('SP-NET-03 does not renegotiate', async () => {
    const socket = await dial(port, { maxVersion: 'TLSv1.2' })
    const { promise, resolve } = Promise.withResolvers<string>()
    socket.on('error', () => resolve('refused'))
    socket.on('close', () => resolve('refused'))
    socket.renegotiate({}, (error) => resolve(error ? 'refused' : 'done'))
    assert.equal(await promise, 'refused')
    socket.destroy()
  })

  test('SP-NET-03 SP-NET-06 SP-NET-12 takes the recommended suites of TLS 1.2 and no other', async () => {
    const made = await issue({
      subject: 'CN=localhost',
      ...validToday(),
      algorithm: rsa(),
      extensions: [named({ type: 'dns', value: 'localhost' })],
    })
    const rsaSite = await createSite((issuer) => ({ issuer }))
    writeFileSync(join(rsaSite.folder, 'server.pem'), made.pem)
    writeFileSync(join(rsaSite.folder, 'server-key.pem'), await keyPem(made))
    const rsaServer = await serveOn(rsaSite, rsaSite.configFile)
    const taken = new Set<string>()
    for (const suite of SUITES) {
      const options = {
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
        ciphers: `${suite}:@SECLEVEL=0`,
      } as const
      if (await isTaken(port, options)) taken.add(suite)
      if (await isTaken(rsaSite.port, { ...options, ca: made.pem })) taken.add(suite)
    }
    assert.deepEqual([...taken].toSorted(), RECOMMENDED)
    assert.ok(SUITES.some((name) => name.includes('CHACHA20')) && SUITES.length > 20)
    await rsaServer.stop()
    rsaSite.remove()
  })

  test('SP-NET-01 answers nothing to plain http', async () => {
    const heard = await sayPlain(port, 'GET /jwks HTTP/1.1\r\nhost: localhost\r\n\r\n')
    assert.doesNotMatch(heard, /^HTTP\/1\.1 [23]/)
    assert.doesNotMatch(heard, /keys/)
  })
})

describe('every answer', () => {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    metadata: () => ask(client.endpoint('.well-known/openid-configuration')),
    'the key set': () => ask(client.endpoint('jwks')),
    'the page of the issuer': () => ask(server.site.origin),
    'a pushed request': () => client.push(),
    'a refused pushed request': () => client.push({ assertion: null }),
    tokens: () => client.credentials(),
    'refused tokens': () => client.exchange('no-such-code'),
    introspection: () => client.introspect('no-such-token'),
    revocation: () => client.revoke('no-such-token'),
    'userinfo without a token': () => ask(client.endpoint('userinfo')),
    'a redirect to the login': async () => ask(client.link(await client.push())),
    'the login': async () => {
      const { headers } = await ask(client.link(await client.push()))
      const cookie = String(headers['set-cookie']).split(';', 1)[0]
      return ask(new URL(headers.location ?? '', server.site.origin), { headers: { cookie } })
    },
    'an authorization without a request': () => ask(client.endpoint('authorize')),
    'an authorization by POST': () => post(client.endpoint('authorize'), ''),
    'an interaction of nobody': () => ask(client.endpoint('interaction/none')),
    logout: () => ask(client.endpoint('logout')),
    'an event': () => ask(client.endpoint('errors/none')),
    'nothing there': () => ask(client.endpoint('no/such/page')),
    'a wrong method': () => ask(client.endpoint('token'), { method: 'DELETE' }),
    'a preflight': () => ask(client.endpoint('token'), { method: 'OPTIONS' }),
    'a body too large': () => post(client.endpoint('par'), 'a='.padEnd(70_000, 'x')),
    'a wrong type': () =>
      post(client.endpoint('par'), '{}', { headers: { 'content-type': 'application/json' } }),
  }
  for (const [name, answer] of Object.entries(answers)) {
    test(`SP-NET-11 is protected against TLS stripping: ${name}`, async () => {
      const { headers, status } = await answer()
      const policy = headers['strict-transport-security'] ?? ''
      const seconds = Number(/max-age=(\d+)/.exec(policy)?.[1] ?? 0)
      assert.ok(seconds >= 31_536_000, `${status}: ${policy}`)
    })
  }

  test('SP-NET-11 is protected against TLS stripping: what is no HTTP', async () => {
    const heard = await say(port, 'BREW /coffee HTCPCP/1.0\r\n\r\n')
    assert.equal(statusOf(heard), 400)
    assert.match(heard, /strict-transport-security: max-age=\d{8}/i)
  })
})

describe('SP-NET-13 the authorization endpoint knows no CORS', () => {
  const headers = {
    origin: 'https://client.example',
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  }
  for (const method of ['OPTIONS', 'GET', 'POST']) {
    test(`SP-NET-13 ${method} from another origin is allowed nothing`, async () => {
      for (const url of [client.link(await client.push()).href, client.endpoint('authorize')]) {
        const answer = await ask(url, { method, headers })
        const cors = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))
        assert.deepEqual(cors, [])
        if (method === 'OPTIONS') assert.ok(answer.status >= 400, `answered ${answer.status}`)
      }
    })
  }
})

async function isTaken(at: number, options: ConnectionOptions): Promise<boolean> {
  try {
    const socket = await dial(at, options)
    socket.destroy()
    return true
  } catch (error) {
    assert.ok(isHandshakeFailure(error), String(error))
    return false
  }
}

function isHandshakeFailure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('ERR_SSL_') || code === 'ECONNRESET' || code === 'EPROTO'
}
