import { decodeJwt, importJwks, verifySignature } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { freePorts } from './testing/free-ports.ts'
import { ask, json, type Answer } from './testing/https.ts'
import { granted, Peer } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

let first: ServerProcess
let second: ServerProcess
let peer: Peer
let otherPort: number
before(async () => {
  first = await serve(serviceFor([app.metadata()]))
  const [port = 0, managementPort = 0] = await freePorts(2)
  otherPort = port
  second = await serveOn(first.site, first.site.alsoAt({ port, managementPort }))
  peer = app.at(first.site.origin)
})
after(async () => {
  await Promise.all([first.stop(), second.stop()])
  first.site.remove()
})

interface Place {
  readonly idx: number
  readonly uri: string
}

function placeOf(accessToken: string): Place {
  const { status } = decodeJwt(accessToken).claims
  const { idx, uri } = Object(Object(status).status_list)
  assert.ok(Number.isSafeInteger(idx) && typeof uri === 'string')
  return { idx: Number(idx), uri }
}

/** What an API finds in the list of a token, at one of the two processes; everything it has to check is checked. */
async function statusAt(accessToken: string, port: number): Promise<number> {
  const { idx, uri } = placeOf(accessToken)
  const answer: Answer = await ask(uri, { port })
  assert.equal(answer.status, 200, answer.body)
  assert.equal(answer.headers['content-type'], 'application/statuslist+jwt')
  const jwt = decodeJwt(answer.body)
  assert.equal(jwt.header.typ, 'statuslist+jwt')
  assert.equal(jwt.claims['sub'], uri)
  const now = Date.now() / 1_000
  assert.ok(Number(jwt.claims['iat']) <= now && Number(jwt.claims['exp']) > now)
  assert.equal(jwt.claims['ttl'], 3)
  const { keys } = importJwks(json(await ask(`${peer.issuer}/jwks`, { port })))
  assert.ok(keys.some((key) => key.kid === jwt.header.kid && verifySignature(jwt, key)))
  const { bits, lst } = Object(jwt.claims['status_list'])
  assert.equal(bits, 1)
  const bytes = inflateSync(Buffer.from(String(lst), 'base64url'))
  return ((bytes[idx >> 3] ?? 0) >> (idx & 7)) & 1
}

/** Milliseconds until both processes call a token revoked. */
async function noticed(accessToken: string): Promise<number> {
  const begun = performance.now()
  for (const port of [first.site.port, otherPort]) {
    while ((await statusAt(accessToken, port)) === 0) {
      assert.ok(performance.now() - begun < 5_000, 'the revocation is not noticed')
    }
  }
  return performance.now() - begun
}

test('REV-03 SP-RS-03 a revoked grant is in the list of every process within about a second', async () => {
  const { accessToken, refreshToken = '' } = await peer.logIn()
  const next = granted(await peer.refresh(refreshToken, { port: otherPort }))
  assert.deepEqual(placeOf(next.accessToken), placeOf(accessToken))
  for (const port of [first.site.port, otherPort]) {
    assert.equal(await statusAt(accessToken, port), 0)
  }
  assert.equal((await peer.revoke(refreshToken)).status, 200)
  assert.ok((await noticed(accessToken)) < 1_800)
})

test('REV-03 a revoked access token is in the list, and the grant goes on elsewhere', async () => {
  const { accessToken, refreshToken = '' } = await peer.logIn()
  assert.equal((await peer.revoke(accessToken, { port: otherPort })).status, 200)
  const next = granted(await peer.refresh(refreshToken))
  assert.notDeepEqual(placeOf(next.accessToken), placeOf(accessToken))
  await noticed(accessToken)
  assert.equal(await statusAt(next.accessToken, otherPort), 0)
})

test('REV-03 two processes give no place twice, and it survives kill -9', async () => {
  const places = new Set<number>()
  const take = async (port: number): Promise<void> => {
    const { accessToken } = granted(await peer.credentials({ port }))
    const { idx } = placeOf(accessToken)
    assert.ok(!places.has(idx))
    places.add(idx)
  }
  for (let count = 0; count < 10; count += 1) {
    await Promise.all([take(first.site.port), take(otherPort)])
  }
  const { accessToken } = granted(await peer.credentials())
  await peer.revoke(accessToken)
  await first.kill()
  await first.start()
  assert.equal(await statusAt(accessToken, first.site.port), 1)
  await take(first.site.port)
})
