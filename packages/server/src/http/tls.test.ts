import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Config } from '../config/config.ts'
import { createAuthority, LOOPBACK } from '../testing/certificates.ts'
import { exchange } from '../testing/exchange.ts'
import { configOf, startRig, type Rig } from '../testing/rig.ts'

/** One server with a P-256 certificate and one with RSA, because the suites of TLS 1.2 depend on it. */
const rigs: Partial<Record<'ECDSA' | 'RSA', Rig>> = {}
let ca = ''
before(async () => {
  const authority = await createAuthority()
  ca = authority.certificate
  for (const kind of ['ECDSA', 'RSA'] as const) {
    const tls = await authority.issue({ ...LOOPBACK, rsa: kind === 'RSA' })
    rigs[kind] = await startRig(configOf({ listen: { host: '127.0.0.1', port: 0, tls } }))
  }
})
after(async () => {
  for (const rig of Object.values(rigs)) await rig.server.close()
})

async function shake(
  kind: 'ECDSA' | 'RSA',
  options: ConnectionOptions,
  onSession: (session: Buffer) => void = () => {},
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const port = Number(new URL(rigs[kind]?.server.url ?? '').port)
  const socket = connect({ host: '127.0.0.1', port, ca, ...options })
  socket
    .on('session', onSession)
    .once('error', reject)
    .once('secureConnect', () => resolve(socket))
  return promise
}

const only = (ciphers: string): ConnectionOptions => ({
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: `${ciphers}:@SECLEVEL=0`,
})

describe('SP-NET-02 versions', () => {
  test('SP-NET-02 TLS 1.3 wins where both sides have it', async () => {
    const socket = await shake('ECDSA', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' })
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    socket.destroy()
  })
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    test(`SP-NET-02 ${version} is refused`, async () => {
      const options = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }
      await assert.rejects(shake('RSA', options))
    })
  }
})

describe('SP-NET-06 SP-NET-12 suites of TLS 1.2', () => {
  for (const kind of ['ECDSA', 'RSA'] as const) {
    for (const bits of [128, 256]) {
      const suite = `ECDHE-${kind}-AES${bits}-GCM-SHA${bits === 128 ? 256 : 384}`
      test(`SP-NET-06 ${suite} is spoken`, async () => {
        const socket = await shake(kind, only(suite))
        assert.equal(socket.getCipher().name, suite)
        socket.destroy()
      })
    }
    for (const suite of [
      `ECDHE-${kind}-CHACHA20-POLY1305`,
      `ECDHE-${kind}-AES128-SHA256`,
      `ECDHE-${kind}-AES256-SHA384`,
      `ECDHE-${kind}-AES128-SHA`,
      `ECDHE-${kind}-AES256-CCM`,
    ]) {
      test(`SP-NET-06 SP-NET-12 ${suite} is refused`, async () => {
        await assert.rejects(async () => shake(kind, only(suite)))
      })
    }
  }
  for (const suite of ['AES128-GCM-SHA256', 'AES256-SHA', 'DHE-RSA-AES128-GCM-SHA256']) {
    test(`SP-NET-03 SP-NET-12 ${suite} is refused`, async () => {
      await assert.rejects(async () => shake('RSA', only(suite)))
    })
  }
})

test('SP-NET-03 a client cannot renegotiate', async () => {
  const socket = await shake('RSA', { maxVersion: 'TLSv1.2' })
  const error = await new Promise((resolve) => {
    socket.on('error', resolve)
    socket.renegotiate({ rejectUnauthorized: true }, resolve)
  })
  assert.ok(error instanceof Error)
  socket.destroy()
})

test('a session is resumed, so that not every connection costs a handshake', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = []
    const first = await shake('ECDSA', { maxVersion }, (session) => sessions.push(session))
    while (sessions.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const session = sessions[0] ?? assert.fail()
    const second = await shake('ECDSA', { maxVersion, session })
    assert.equal(second.isSessionReused(), true, maxVersion)
    for (const socket of [first, second]) socket.destroy()
  }
})

test('SP-NET-01 plain http to the TLS port gets no answer of ours', async () => {
  const url = (rigs.ECDSA?.server.url ?? '').replace('https:', 'http:')
  const answer = await exchange(`${url}/jwks`).catch(() => undefined)
  assert.ok(answer === undefined || answer.status === 400)
})

describe('SP-NET-01 without a certificate', () => {
  const listenOn = (host: string): Config => configOf({ listen: { host, port: 0 } })

  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'as.example', '127.0.0.1.example', '']) {
    test(`SP-NET-01 the server does not start on ${host === '' ? 'every address' : host}`, async () => {
      await assert.rejects(startRig(listenOn(host)), /loopback/)
    })
  }
  for (const host of ['127.0.0.1', 'localhost']) {
    test(`it starts on ${host}, for what terminates TLS on this machine`, async () => {
      const rig = await startRig(listenOn(host))
      assert.equal((await rig.get('/jwks')).status, 200)
      await rig.server.close()
    })
  }
})
