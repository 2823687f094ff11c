import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { Agent, request as call, type ServerOptions } from 'node:https'
import { after, describe, test } from 'node:test'
import { TLSSocket, type ConnectionOptions } from 'node:tls'
import { certificateThumbprint, generateSigningKey } from '@signet/protocol'
import { createGuard } from '../create-guard.ts'
import type { SenderConstraint } from '../check.rules.ts'
import type { GuardRequest } from '../request.ts'
import { createAuthority, type Credential } from '../testing/certificates.ts'
import { guardedApis } from '../testing/guarded-apis.ts'
import { createTestIssuer } from '../testing/index.ts'

const RESOURCE = 'https://api.example'
const authority = await createAuthority()
const tls: ServerOptions = {
  ...(await authority.issue('localhost')),
  requestCert: true,
  rejectUnauthorized: false,
  // So that a session of one server is understood by another.
  ticketKeys: randomBytes(48),
}
const own = await authority.issue('client')
const other = await authority.issue('client')
const issuer = createTestIssuer({
  issuer: 'https://as.example',
  resource: RESOURCE,
  now: () => Date.now() / 1000,
})

const derOf = ({ cert }: Credential): Uint8Array => new X509Certificate(cert).raw
const boundTo = (credential: Credential): GuardRequest =>
  issuer.request({ certificate: derOf(credential) })
/** A token that is bound to the certificate of `own` and to the DPoP key. */
const boundToBoth = (change: object = {}): GuardRequest => {
  const cnf = { jkt: issuer.clientKey.kid, 'x5t#S256': certificateThumbprint(derOf(own)) }
  return issuer.request({ token: issuer.token({ cnf }), ...change })
}

interface Answer {
  readonly status: number | undefined
  readonly resumed: boolean
  /** For another connection. */
  readonly session: Buffer | undefined
}

type Connection = Pick<ConnectionOptions, 'cert' | 'key' | 'session' | 'maxVersion'> & {
  readonly agent?: Agent
}

function send(
  origin: string,
  { method, target, headers }: GuardRequest,
  connection: Connection = {},
): Promise<Answer> {
  const { port } = new URL(origin)
  let session: Buffer | undefined
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const address = { host: 'localhost', port, path: target, ca: authority.certificate }
  const sent = call({
    agent: false as const,
    ...address,
    ...connection,
    method,
    headers: [...headers, 'Host', 'api.example'],
  })
  sent.on('error', reject)
  if (connection.agent === undefined) {
    sent.on('socket', (socket) => {
      socket.on('session', (ticket: Buffer) => (session = ticket))
    })
  }
  sent.on('response', (answer) => {
    const { socket, statusCode: status } = answer
    const resumed = socket instanceof TLSSocket && socket.isSessionReused()
    answer.resume().on('end', () => resolve({ status, resumed, session }))
  })
  sent.end()
  return promise
}

for (const [name, api] of Object.entries(guardedApis)) {
  const reasons: string[] = []
  const start = (senderConstraint: SenderConstraint, options = tls): Promise<string> => {
    const onRefusal = ({ reason }: { readonly reason: string }): void => void reasons.push(reason)
    const trusted = { issuer: issuer.trusted, resource: RESOURCE }
    return api(createGuard({ ...trusted, senderConstraint, onRefusal }), options)
  }
  const refused = async (answer: Promise<Answer>, reason: string): Promise<Answer> => {
    assert.equal((await answer).status, 401)
    assert.equal(reasons.at(-1), reason)
    return await answer
  }
  const granted = async (answer: Promise<Answer>): Promise<Answer> => {
    assert.equal((await answer).status, 200, String(reasons.at(-1)))
    return await answer
  }

  describe(`with ${name}, over mutual TLS`, async () => {
    const mtls = await start('mtls')
    const either = await start('either')

    test('MTLS-06 a token goes with its certificate, and with no other', async () => {
      for (const origin of [mtls, either]) {
        await granted(send(origin, boundTo(own), own))
        await refused(send(origin, boundTo(own), other), 'certificate_mismatch')
        await refused(send(origin, boundTo(own)), 'certificate_mismatch')
      }
    })

    test('MTLS-06 who asks for no certificate sees none', async () => {
      const origin = await start('either', { ...tls, requestCert: false })
      await refused(send(origin, boundTo(own), own), 'certificate_mismatch')
      await granted(send(origin, issuer.request(), own))
    })

    test('SP-RS-05 only where both are taken, a proof will do, and no token without a key', async () => {
      await granted(send(either, issuer.request(), own))
      await granted(send(either, issuer.request()))
      await refused(send(mtls, issuer.request(), own), 'token_unbound')
      const unbound = { token: issuer.token({ cnf: undefined }), scheme: 'Bearer' }
      await refused(
        send(either, issuer.request({ ...unbound, proof: 'none' }), own),
        'token_unbound',
      )
    })

    test('MTLS-06 DPOP-RS-01 a token that is bound to both keys needs both', async () => {
      for (const origin of [mtls, either, await start('dpop')]) {
        await granted(send(origin, boundToBoth(), own))
        await refused(send(origin, boundToBoth()), 'certificate_mismatch')
        await refused(send(origin, boundToBoth(), other), 'certificate_mismatch')
        await refused(send(origin, boundToBoth({ proof: 'none' }), own), 'dpop_proof_missing')
        const stolen = { proof: { key: generateSigningKey('ES256') } }
        await refused(send(origin, boundToBoth(stolen), own), 'dpop_token_binding')
        const bearer = { proof: 'none', scheme: 'Bearer' }
        await refused(send(origin, boundToBoth(bearer), own), 'bound_token_as_bearer')
      }
    })

    test('MTLS-06 each request of a connection is looked at by itself', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ...own })
      after(() => agent.destroy())
      const sockets = new Set<unknown>()
      agent.on('free', (socket: unknown) => sockets.add(socket))
      for (let round = 0; round < 3; round += 1) {
        await granted(send(either, boundTo(own), { agent }))
        await refused(send(either, boundTo(other), { agent }), 'certificate_mismatch')
        await granted(send(either, issuer.request(), { agent }))
        await refused(
          send(either, issuer.request({ proof: 'none' }), { agent }),
          'dpop_proof_missing',
        )
      }
      assert.equal(sockets.size, 1, 'one connection')
    })

    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`MTLS-06 a session of ${maxVersion} that is resumed shows the certificate it began with`, async () => {
        const { session } = await granted(send(mtls, boundTo(own), { ...own, maxVersion }))
        assert.ok(session, 'there is something to resume')
        // Whoever resumes a session holds its secrets. A certificate is not shown again, be it there or not.
        for (const shown of [own, other, {}]) {
          const again: Connection = { ...shown, session, maxVersion }
          assert.equal((await granted(send(mtls, boundTo(own), again))).resumed, true)
          await refused(send(mtls, boundTo(other), again), 'certificate_mismatch')
        }
      })

      test(`MTLS-06 a session of ${maxVersion} that began without certificate never shows one`, async () => {
        const open = await start('either', { ...tls, requestCert: false })
        const { session } = await granted(send(open, issuer.request(), { maxVersion }))
        assert.ok(session, 'there is something to resume')
        for (const origin of [open, mtls]) {
          const again = { ...own, session, maxVersion }
          const answer = send(origin, boundTo(own), again)
          assert.equal((await refused(answer, 'certificate_mismatch')).resumed, true)
        }
      })
    }
  })
}
