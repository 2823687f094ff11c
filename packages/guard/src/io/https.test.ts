import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { after, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { createGuard } from '../create-guard.ts'
import { createAuthority } from '../testing/certificates.ts'
import { serveHttps } from '../testing/https-server.ts'
import { createTestIssuer } from '../testing/index.ts'
import { createHttps } from './https.ts'
import { createWorld } from './world.ts'

const authority = await createAuthority()
const ca = authority.certificate
const credential = await authority.issue('localhost')
const https = createHttps({ ca, timeout: 1000 })
after(() => https.close())

const call = (url: string): Promise<unknown> => https.call({ url, accept: '*/*' })

test('the guard discovers keys of an authorization server over https, with a private authority', async () => {
  const seen: (string | undefined)[] = []
  let answer: RequestListener = () => undefined
  const origin = await serveHttps(credential, (request, response) => {
    seen.push(request.url)
    answer(request, response)
  })
  const now = (): number => Date.now() / 1000
  const issuer = createTestIssuer({ issuer: origin, resource: 'https://api.example', now })
  answer = ({ url }, response) => {
    const metadata = { issuer: origin, jwks_uri: `${origin}/jwks` }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(url === '/jwks' ? issuer.trusted.jwks : metadata))
  }
  const guard = createGuard({ issuer: origin, resource: 'https://api.example', ca })
  after(() => guard.close())
  await guard.ready()
  assert.equal((await guard.check(issuer.request())).action, 'granted')
  assert.equal((await guard.check(issuer.request({ proof: 'none' }))).action, 'refused')
  assert.deepEqual(seen, ['/.well-known/openid-configuration', '/jwks'])
  const stranger = createGuard({ issuer: origin, resource: 'https://api.example' })
  after(() => stranger.close())
  const outcome = await stranger.check(issuer.request())
  assert.ok(outcome.action === 'refused')
  assert.equal(outcome.status, 503)
})

test('a form is posted as it is', async () => {
  const bodies: string[] = []
  const origin = await serveHttps(credential, (request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => bodies.push(text))
    request.on('end', () => {
      response.setHeader('content-type', 'Application/JSON; charset=utf-8')
      response.end(`${request.method} ${request.headers['content-type'] ?? ''}`)
    })
  })
  const answer = await https.call({ url: origin, accept: 'application/json', form: 'a=b' })
  assert.equal(answer.body.toString(), 'POST application/x-www-form-urlencoded')
  assert.equal(answer.mediaType, 'application/json')
  assert.deepEqual(bodies, ['a=b'])
})

test('MTLS-08 a certificate is shown for the call it comes with, and on no connection of another', async () => {
  const shown: (string | undefined)[] = []
  const connections = new Set<unknown>()
  const asking = { ...credential, requestCert: true, rejectUnauthorized: false }
  const origin = await serveHttps(asking, ({ socket }, response) => {
    assert.ok(socket instanceof TLSSocket)
    connections.add(socket)
    shown.push(socket.getPeerX509Certificate()?.subject)
    response.end()
  })
  const [one, two] = [await authority.issue('one'), await authority.issue('two')]
  for (let round = 0; round < 2; round += 1) {
    for (const own of [undefined, one, two]) {
      const certificate = own && { certificate: own.cert, key: own.key }
      await https.call({ url: origin, accept: '*/*', certificate })
    }
  }
  const each = [undefined, 'CN=one', 'CN=two']
  assert.deepEqual(shown, [...each, ...each])
  assert.equal(connections.size, 3, 'they are kept all the same')
})

test('a certificate that TLS does not take makes the call fail, and no more', async () => {
  const { key } = await authority.issue('other')
  for (const certificate of [
    { certificate: credential.cert, key },
    { certificate: 'x', key: 'x' },
  ]) {
    const failing = https.call({ url: 'https://localhost:1/', accept: '*/*', certificate })
    await assert.rejects(failing, (error: Error) => !error.message.includes('PRIVATE'))
  }
})

test('SP-NET-01 SP-CR-08 nothing is called without TLS', async () => {
  for (const url of ['http://localhost:1/jwks', 'file:///etc/passwd', 'data:,x', 'jwks']) {
    await assert.rejects(call(url), /not https/)
  }
})

test('SP-NET-01 a redirect is not followed', async () => {
  const origin = await serveHttps(credential, (_request, response) => {
    response.writeHead(302, { location: 'http://localhost:1/' }).end()
  })
  const { status } = await https.call({ url: origin, accept: '*/*' })
  assert.equal(status, 302)
})

test('SP-NET-05 a server without the right name, or of another authority, is not believed', async () => {
  const elsewhere = await serveHttps(await authority.issue('elsewhere.example'), () => undefined)
  await assert.rejects(call(elsewhere), /altnames/)
  const strangers = await createAuthority()
  const strange = await serveHttps(await strangers.issue('localhost'), () => undefined)
  await assert.rejects(call(strange), /certificate/)
})

test('SP-NET-02 SP-NET-03 SP-NET-06 old TLS, and suites that are not recommended, are not spoken', async () => {
  const answering: RequestListener = (_request, response) => void response.end('x')
  for (const options of [
    { minVersion: 'TLSv1' as const, maxVersion: 'TLSv1.1' as const, ciphers: 'DEFAULT@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' },
    { maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
  ]) {
    await assert.rejects(call(await serveHttps({ ...credential, ...options }, answering)))
  }
  const modern = { maxVersion: 'TLSv1.2' as const, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }
  await call(await serveHttps({ ...credential, ...modern }, answering))
})

test('a server that is silent, slow, endless or breaks off does not hold us up', async () => {
  const silent = await serveHttps(credential, () => undefined)
  await assert.rejects(call(silent), /no answer in time/)
  const slow = await serveHttps(credential, (_request, response) => {
    response.write('x')
  })
  await assert.rejects(call(slow), /in time|aborted/)
  const endless = await serveHttps(credential, (_request, response) => {
    const chunk = Buffer.alloc(500_000)
    for (let count = 0; count < 10; count += 1) response.write(chunk)
    response.end()
  })
  await assert.rejects(call(endless), /larger than/)
  const broken = await serveHttps(credential, (_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('x')
    setImmediate(() => response.destroy())
  })
  await assert.rejects(call(broken))
  await assert.rejects(call('https://localhost:1/'), /ECONNREFUSED/)
})

test('the world has a clock in seconds, random ids, and unpacks no more than allowed', () => {
  const world = createWorld({})
  assert.ok(Math.abs(world.now() - Date.now() / 1000) < 1)
  assert.notEqual(world.uuid(), world.uuid())
  assert.throws(() => world.inflate(Buffer.from('x'), 10))
  world.close()
})
