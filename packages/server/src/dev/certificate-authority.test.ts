import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect, createServer } from 'node:tls'
import { TLS } from '../http/tls.ts'
import { createClientCertificate, createLocalCertificates } from './certificate-authority.ts'

const DAY = 86_400_000
const NAMES = ['localhost', '*.bank.localhost', '127.0.0.1', '::1']
const now = Date.now()
const { authority, server } = await createLocalCertificates(NAMES, now)
const root = new X509Certificate(authority)
const leaf = new X509Certificate(server.certificate)

test('the server certificate is issued by the authority, for the names given and no others', () => {
  assert.ok(leaf.checkIssued(root))
  assert.ok(leaf.verify(root.publicKey))
  for (const name of ['localhost', 'a.bank.localhost']) assert.ok(leaf.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1']) assert.ok(leaf.checkIP(address), address)
  for (const name of ['example.com', 'localhost.example', 'a.b.bank.localhost']) {
    assert.equal(leaf.checkHost(name), undefined, name)
  }
  assert.equal(leaf.checkIP('127.0.0.2'), undefined)
})

test('the key belongs to the server certificate, which cannot issue others', () => {
  assert.ok(leaf.checkPrivateKey(createPrivateKey(server.key)))
  assert.equal(leaf.ca, false)
  assert.equal(root.ca, true)
  assert.ok(root.verify(root.publicKey))
})

test('the key of the authority is nowhere', () => {
  const key = createPrivateKey(server.key)
  assert.equal(root.checkPrivateKey(key), false)
  assert.equal(`${authority}${server.certificate}`.includes('PRIVATE'), false)
})

test('the certificates begin yesterday and end before browsers would refuse them', () => {
  for (const { validFrom, validTo } of [root, leaf]) {
    assert.ok(Date.parse(validFrom) <= now - DAY + 1_000)
    assert.ok(Date.parse(validTo) > now + 300 * DAY)
    assert.ok(Date.parse(validTo) - Date.parse(validFrom) <= 398 * DAY)
  }
})

test('two authorities are not alike', async () => {
  const other = await createLocalCertificates(NAMES, now)
  const stranger = new X509Certificate(other.server.certificate)
  assert.equal(stranger.verify(root.publicKey), false)
  assert.notEqual(stranger.serialNumber, leaf.serialNumber)
})

test('a client certificate has the name in the order it is registered in, and is good for clients only', async () => {
  const made = await createClientCertificate('CN=app, O=Bank, C=DE', now)
  const certificate = new X509Certificate(made.client.certificate)
  assert.equal(certificate.subject, 'C=DE\nO=Bank\nCN=app')
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.equal(certificate.ca, false)
  assert.ok(certificate.checkPrivateKey(createPrivateKey(made.client.key)))
  assert.ok(certificate.verify(new X509Certificate(made.authority).publicKey))
  assert.equal(certificate.verify(root.publicKey), false)
})

test('a client that trusts the authority trusts the server, and another does not', async () => {
  const listening = createServer({ ...TLS, cert: server.certificate, key: server.key }).listen(
    0,
    '127.0.0.1',
  )
  await once(listening, 'listening')
  const address = listening.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { port } = address
  const trusting = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority })
  await once(trusting, 'secureConnect')
  assert.equal(trusting.authorized, true)
  trusting.destroy()
  const strange = connect({ host: '127.0.0.1', port, servername: 'localhost' })
  await assert.rejects(once(strange, 'secureConnect'))
  listening.close()
})
