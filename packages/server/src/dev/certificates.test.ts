import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ensureClientCertificate, ensureServerCertificate } from './certificates.ts'
import { MTLS_CERTIFICATE } from './demo-clients.ts'

const DAY = 86_400_000
const now = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'signet-certificates-'))
mkdirSync(join(folder, 'clients'))
after(() => rmSync(folder, { recursive: true }))

const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const { files } = MTLS_CERTIFICATE

test('certificates are made once, and anew a week before they end', async () => {
  assert.equal(await ensureServerCertificate(folder, now), true)
  const server = read('server.pem')
  assert.equal(await ensureServerCertificate(folder, now + 380 * DAY), false)
  assert.equal(read('server.pem'), server)
  assert.equal(await ensureServerCertificate(folder, now + 390 * DAY), true)
  assert.notEqual(read('server.pem'), server)
})

test('a client keeps its name when its certificate is made anew, and nobody else may read its key', async () => {
  await ensureClientCertificate(folder, MTLS_CERTIFICATE, now)
  const [first, authority] = [read(files.certificate), read(files.authority)]
  await ensureClientCertificate(folder, MTLS_CERTIFICATE, now + DAY)
  assert.equal(read(files.certificate), first)
  await ensureClientCertificate(folder, MTLS_CERTIFICATE, now + 390 * DAY)
  assert.notEqual(read(files.authority), authority)
  const [old, renewed] = [first, read(files.certificate)].map((pem) => new X509Certificate(pem))
  assert.equal(renewed?.subject, old?.subject)
  assert.ok(renewed?.verify(new X509Certificate(read(files.authority)).publicKey))
  assert.equal(statSync(join(folder, files.key)).mode & 0o077, 0)
})
