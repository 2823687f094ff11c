import { createLocalCertificates } from '@signet/server/dev/certificate-authority'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { CertificatePeer } from './testing/certificate-peer.ts'
import { claimsOf } from './testing/claims.ts'
import { issueCertificate } from './testing/client-certificates.ts'
import { Load } from './testing/load.ts'
import { granted } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'
import { dial, hearing } from './testing/wire.ts'
import { bothAtWork, roll } from './testing/workers.ts'

const certificate = await issueCertificate({ subject: 'O=Example Bank,CN=app' })
const theirs = await issueCertificate({ subject: 'O=Example Bank,CN=other' })
const unplaced = new CertificatePeer({
  clientId: 'app',
  scope: 'openid accounts offline_access',
  certificate,
})

let server: ServerProcess
let client: CertificatePeer
before(async () => {
  server = await serve(
    (issuer, mtls) => ({
      issuer,
      mtls,
      clients: [
        unplaced.metadata({
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_subject_dn: 'CN=app,O=Example Bank',
        }),
      ],
      scopes: SCOPES,
      users: USERS,
    }),
    ['--workers', '2'],
  )
  client = unplaced.atSite(server.site)
  await bothAtWork(server)
})
after(async () => {
  await server.stop()
  server.site.remove()
})

const mtlsPort = (): number => Number(new URL(server.site.mtlsOrigin).port)

/** How many tokens each of the two has issued. */
async function issuedByEach(): Promise<readonly number[]> {
  const answer = await fetch(`http://127.0.0.1:${server.site.managementPort}/metrics`)
  const text = await answer.text()
  return [1, 2].map((worker) => {
    const series = `^signet_requests_total\\{.*step="token",outcome="issued",worker="${worker}"\\} (\\d+)$`
    return Number(new RegExp(series, 'm').exec(text)?.[1] ?? 0)
  })
}

test('MTLS-04 MTLS-06 both workers bind a token to the certificate, and take it with no other', async () => {
  const headers = { connection: 'close' }
  for (let time = 0; time < 100; time += 1) {
    const { accessToken } = granted(await client.credentials({ headers }))
    assert.deepEqual(claimsOf(accessToken)['cnf'], { 'x5t#S256': certificate.thumbprint })
    if ((await issuedByEach()).every((count) => count > 0)) break
  }
  const each = await issuedByEach()
  assert.ok(
    each.every((count) => count > 0),
    `only one has issued: ${each.join(' and ')}`,
  )
  const { accessToken } = await client.logIn()
  for (let time = 0; time < 10; time += 1) {
    assert.equal((await client.userinfo(accessToken, { headers })).status, 200)
    const other = { headers, certificate: theirs }
    assert.equal((await client.userinfo(accessToken, other)).status, 401)
  }
})

/** Whether a session that began at one connection is taken up by ten others, of which some reach the other worker. */
async function resumed(port: number, options: ConnectionOptions): Promise<readonly boolean[]> {
  const first = await dial(port, { ...options, maxVersion: 'TLSv1.2' })
  const session = first.getSession()
  await hearing(first, 0)
  const reused: boolean[] = []
  for (let time = 0; time < 10; time += 1) {
    const socket = await dial(port, { ...options, maxVersion: 'TLSv1.2', session })
    reused.push(socket.isSessionReused())
    socket.destroy()
    await once(socket, 'close')
  }
  return reused
}

test('TLS sessions are resumed at either worker, and never where certificates are shown', async () => {
  const { certificate: cert, key } = certificate
  assert.deepEqual(await resumed(server.site.port, {}), Array(10).fill(true))
  assert.deepEqual(await resumed(mtlsPort(), { cert, key }), Array(10).fill(false))
})

test('no request with a certificate is lost while the workers are replaced', async () => {
  const load = new Load()
    .tokens(client, { times: 3, keep: true })
    .tokens(client, { times: 2, keep: false })
  await load.more(30)
  await roll(server)
  await load.more(30)
  await load.stop()
  assert.deepEqual(load.failures, [])
})

test('both listeners serve with new certificates after SIGHUP', async () => {
  const { folder, port } = server.site
  const { server: fresh } = await createLocalCertificates(['localhost'], Date.now())
  const shown = async (at: number): Promise<string | undefined> => {
    const socket = await dial(at, { rejectUnauthorized: false })
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }
  const { fingerprint256: wanted } = new X509Certificate(fresh.certificate)
  writeFileSync(join(folder, 'server.pem'), fresh.certificate)
  writeFileSync(join(folder, 'server-key.pem'), fresh.key)
  assert.notEqual(await shown(port), wanted)
  await roll(server)
  for (let time = 0; time < 5; time += 1) {
    assert.equal(await shown(port), wanted)
    assert.equal(await shown(mtlsPort()), wanted)
  }
})
