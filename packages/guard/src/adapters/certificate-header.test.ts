import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { CERTIFICATE_HEADER_FORMATS, type CertificateHeaderFormat } from '@signet/protocol'
import { issue, type Issued } from '@signet/protocol/testing/certificates'
import { createGuard } from '../create-guard.ts'
import { guardedApis, type GuardedApi } from '../testing/guarded-apis.ts'
import { createTestIssuer } from '../testing/index.ts'

const RESOURCE = 'https://api.example'
const issuer = createTestIssuer({
  issuer: 'https://as.example',
  resource: RESOURCE,
  now: () => Date.now() / 1000,
})
const own = await issue({ subject: 'CN=client' })
const other = await issue({ subject: 'CN=other' })

const base64 = ({ der }: Issued): string => Buffer.from(der).toString('base64')
const escaped = ({ pem }: Issued): string => encodeURIComponent(`${pem}\n`)

/** What proxies write, byte by byte. */
const written: Readonly<Record<CertificateHeaderFormat, (shown: Issued) => string>> = {
  rfc9440: (shown) => `Client-Cert: :${base64(shown)}:`,
  'nginx-escaped-pem': (shown) => `X-SSL-Client-Cert: ${escaped(shown)}`,
  xfcc: (shown) => `X-Forwarded-Client-Cert: Cert="${escaped(shown)}";Subject="CN=client";URI=`,
  'x-ssl-cert': (shown) => `X-SSL-Cert: ${base64(shown)}`,
}

interface Answer {
  readonly status: number
  readonly reason: string | undefined
}

/** Sends a token that is bound to `own`, with these lines, and nothing in between. */
type Send = (...lines: readonly string[]) => Promise<Answer>

async function open(
  api: GuardedApi,
  format: CertificateHeaderFormat,
  proxy: string,
): Promise<Send> {
  let reason: string | undefined
  const guard = createGuard({
    issuer: issuer.trusted,
    resource: RESOURCE,
    senderConstraint: 'mtls',
    certificateHeader: { format, proxies: [proxy] },
    onRefusal: (event) => (reason = event.reason),
  })
  const { port } = new URL(await api(guard))
  return async (...lines) => {
    reason = undefined
    const [name, value] = issuer.request({ certificate: own.der }).headers
    const head = ['GET /accounts HTTP/1.1', 'Host: api.example', 'Connection: close']
    const socket = connect(Number(port), '127.0.0.1')
    socket.write([...head, `${name}: ${value}`, ...lines, '', ''].join('\r\n'))
    const [, status] = /^HTTP\/1.1 (\d+)/.exec(await text(socket)) ?? []
    return { status: Number(status), reason }
  }
}

const GRANTED: Answer = { status: 200, reason: undefined }
const MISMATCH: Answer = { status: 401, reason: 'certificate_mismatch' }
const UNREADABLE: Answer = { status: 400, reason: 'certificate_header_unreadable' }
const MIXED: Answer = { status: 400, reason: 'certificate_formats_mixed' }

for (const [name, api] of Object.entries(guardedApis)) {
  for (const format of CERTIFICATE_HEADER_FORMATS) {
    const others = CERTIFICATE_HEADER_FORMATS.filter((each) => each !== format)
    const good = written[format](own)

    describe(`MTLS-06 MTLS-09 ${name} behind a proxy that writes ${format}`, async () => {
      const told = await open(api, format, '127.0.0.1')
      const stranger = await open(api, format, '192.0.2.1')

      test('the certificate that the proxy tells counts', async () => {
        assert.deepEqual(await told(good), GRANTED)
        assert.deepEqual(
          await told(good.replace(/^[^:]+/, (header) => header.toLowerCase())),
          GRANTED,
        )
      })
      test('another certificate, or none, is refused', async () => {
        assert.deepEqual(await told(written[format](other)), MISMATCH)
        assert.deepEqual(await told(), MISMATCH)
        assert.deepEqual(await told(good.replace(/:.*/, ':')), MISMATCH)
      })
      test('what a stranger writes is not looked at, be it good, garbage or too much', async () => {
        const garbage = good.replace(/:.*/, ': garbage')
        for (const lines of [
          [good],
          [garbage],
          [good, good],
          Object.values(written).map((write) => write(own)),
        ]) {
          assert.deepEqual(await stranger(...lines), MISMATCH)
        }
      })
      test('a header that the client smuggled past the proxy is refused, first or last', async () => {
        assert.deepEqual(await told(good, good), UNREADABLE)
        assert.deepEqual(await told(written[format](other), good), UNREADABLE)
        assert.deepEqual(await told(good, written[format](other)), UNREADABLE)
      })
      test('two formats at once are refused', async () => {
        for (const each of others) {
          assert.deepEqual(await told(good, written[each](own)), MIXED)
          assert.deepEqual(await told(written[each](other), good), MIXED)
        }
      })
      test('a header of a format that the proxy does not write counts for nothing', async () => {
        for (const each of others) assert.deepEqual(await told(written[each](own)), MISMATCH)
      })
      test('garbage is refused', async () => {
        const [header = ''] = good.split(':', 1)
        for (const value of [
          'garbage',
          good.slice(header.length + 2, -40),
          'TUlJ',
          '::',
          ':TUlJ:',
        ]) {
          assert.deepEqual(await told(`${header}: ${value}`), UNREADABLE, value)
        }
      })
    })
  }
}

test('MTLS-06 MTLS-09 of a chain that a proxy tells, the certificate of the client counts alone', async () => {
  const [, api = assert.fail()] = Object.entries(guardedApis)[0] ?? []
  const rfc9440 = await open(api, 'rfc9440', '127.0.0.1')
  const xfcc = await open(api, 'xfcc', '127.0.0.1')
  for (const [leaf, authority, answer] of [
    [own, other, GRANTED],
    [other, own, MISMATCH],
  ] as const) {
    const chain = `Client-Cert-Chain: :${base64(authority)}:`
    assert.deepEqual(await rfc9440(written.rfc9440(leaf), chain), answer)
    const all = escaped(leaf) + escaped(authority)
    assert.deepEqual(await xfcc(`X-Forwarded-Client-Cert: Chain="${all}"`), answer)
  }
})
