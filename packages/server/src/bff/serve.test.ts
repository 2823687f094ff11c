import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { test } from 'node:test'
import { createLocalCertificates } from '../dev/certificate-authority.ts'
import { serveBff } from './serve.ts'
import { createFolder, LEAST } from './testing/folder.ts'

const { load, write } = createFolder()

const DAY = 86_400_000

/** Starts a BFF whose client has a certificate, and looks at it. @returns its log, and what it measures */
async function startWith(issuedAt: number): Promise<{ readonly log: string; metrics: string }> {
  const { server } = await createLocalCertificates(['app.example'], issuedAt)
  write('client.pem', server.certificate)
  write('client-key.pem', server.key)
  const config = load({
    ...LEAST,
    listen: { port: 0 },
    management: { port: 0 },
    client: {
      client_id: 'app',
      tls: { certificate: 'client.pem', key: 'client-key.pem' },
      authentication: 'tls_client_auth',
      sender_constraint: 'mtls',
    },
  })
  const lines: string[] = []
  const running = await serveBff(config, { log: { write: (line) => void lines.push(line) } })
  const answer = await fetch(`${running.managementUrl}/metrics`)
  const metrics = await answer.text()
  await running.close()
  return { log: lines.join(''), metrics }
}

const EXPIRY = /^signet_bff_client_certificate_expiry_timestamp_seconds (\d+)$/m

test('a BFF whose certificate has expired starts, and says so', async () => {
  const { log, metrics } = await startWith(Date.now() - 5_000 * DAY)
  assert.match(log, /the certificate of the client expires soon, or has expired/)
  assert.ok(Number(EXPIRY.exec(metrics)?.[1]) < Date.now() / 1_000)
})

test('a BFF whose certificate holds for long says nothing', async () => {
  const { log, metrics } = await startWith(Date.now())
  assert.doesNotMatch(log, /certificate/)
  assert.ok(Number(EXPIRY.exec(metrics)?.[1]) > Date.now() / 1_000)
})

test('a BFF at localhost, which is two addresses, listens at none that draining would not know of', async (t) => {
  type Found = (error: null, found: readonly LookupAddress[]) => void
  t.mock.method(dns, 'lookup', (host: string, _options: object, found: Found) => {
    const addresses = host === 'localhost' ? ['127.0.0.1', '127.0.0.2'] : [host]
    found(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  })
  const config = load({ ...LEAST, listen: { host: 'localhost', port: 0 } })
  const running = await serveBff(config, { log: { write: () => undefined } })
  t.after(() => running.close())
  const { port } = new URL(running.url)
  assert.ok(await fetch(`http://127.0.0.1:${port}/`))
  await assert.rejects(fetch(`http://127.0.0.2:${port}/`), /fetch failed/)
})
