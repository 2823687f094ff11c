import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { freePorts } from './testing/free-ports.ts'
import { ask, json, member } from './testing/https.ts'
import { codeOf, granted, passThrough, Peer, type Difference } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { dial, hearing, statusOf } from './testing/wire.ts'

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })
const CONFIGURE = serviceFor([unplaced.metadata()])

describe('what was acknowledged survives kill -9', () => {
  let server: ServerProcess
  let client: Peer
  before(async () => {
    server = await serve(CONFIGURE)
    client = unplaced.at(server.site.origin)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  const crash = async (): Promise<void> => {
    await server.kill()
    await server.start()
  }

  test('a pushed request, a code, a refresh token and a session', async () => {
    const browser = client.browser()
    const pushed = await client.push()
    await crash()
    const answer = await passThrough(browser, client.link(pushed))
    await crash()
    const tokens = granted(await client.exchange(codeOf(answer)))
    await crash()
    assert.equal((await client.userinfo(tokens.accessToken)).status, 200)
    assert.equal((await client.refresh(tokens.refreshToken ?? '')).status, 200)
    const again = await browser.open(client.link(await client.push()))
    assert.ok(again instanceof URL, 'the session and the consent are remembered')
  })

  test('PKJ-06 an assertion used before is refused after', async () => {
    const assertion = client.assertion()
    assert.equal((await client.push({ assertion })).status, 201)
    await crash()
    const again = await client.push({ assertion })
    assert.equal(again.status, 401)
    assert.equal(member(again, 'error'), 'invalid_client')
  })

  test('DPOP-PRF-15 a proof used before is refused after', async () => {
    const proof = client.proof(client.endpoint('par'))
    assert.equal((await client.push({ proof })).status, 201)
    await crash()
    const again = await client.push({ proof })
    assert.equal(again.status, 400)
    assert.equal(member(again, 'error'), 'invalid_dpop_proof')
  })

  test('SP-AZ-09 a code redeemed before is refused after, and ends what it gave', async () => {
    const code = codeOf(await client.authorize())
    const { accessToken } = granted(await client.exchange(code))
    await crash()
    assert.equal(member(await client.exchange(code), 'error'), 'invalid_grant')
    await crash()
    assert.equal((await client.userinfo(accessToken)).status, 401)
  })

  test('PAR-10 a request decided before cannot be decided again', async () => {
    const pushed = await client.push()
    const browser = client.browser()
    codeOf(await passThrough(browser, client.link(pushed)))
    await crash()
    const page = await browser.open(client.link(pushed))
    assert.ok(!(page instanceof URL) && page.status === 400)
  })

  test('what was revoked stays revoked, and what was issued stays signed', async () => {
    const { accessToken, refreshToken = '', idToken = '' } = await client.logIn()
    assert.equal((await client.revoke(refreshToken)).status, 200)
    await crash()
    assert.equal(json(await client.introspect(accessToken))['active'], false)
    assert.equal(member(await client.refresh(refreshToken), 'error'), 'invalid_grant')
    assert.ok(idToken.split('.').length === 3)
  })
})

describe('SIGTERM', () => {
  test('lets a request under way finish, says it is not ready, and ends well', async () => {
    const server = await serve(CONFIGURE)
    const { port, managementPort, origin } = server.site
    const client = unplaced.at(origin)
    assert.equal(await statusAt(managementPort, '/readyz'), 200)
    assert.equal(await statusAt(managementPort, '/livez'), 200)

    const body = pushBody(client)
    const socket = await dial(port)
    const heard = hearing(socket, 8_000)
    socket.write(`${pushHead(client, body)}${body.slice(0, 50)}`)
    // The server has the head of the request once it answers another on the same loop.
    assert.equal((await client.push()).status, 201)
    server.terminate()
    const notReady = await Promise.race([turnsRed(managementPort), rejectIn(5_000)])
    assert.notEqual(notReady, 200)
    assert.ok(server.isRunning, 'it ended before its request')
    socket.write(body.slice(50))
    assert.equal(statusOf(await heard), 201)
    assert.equal(await server.stop(), 0)
    server.site.remove()
  })

  test('does not wait for ever for a request that does not come to its end', async () => {
    const server = await serve((...site) => ({ ...CONFIGURE(...site), drain: 1 }))
    const client = unplaced.at(server.site.origin)
    const socket = await dial(server.site.port)
    socket.on('error', () => undefined)
    const body = pushBody(client)
    socket.write(`${pushHead(client, body)}${body.slice(0, 50)}`)
    assert.equal((await client.push()).status, 201)
    const begun = Date.now()
    assert.equal(await server.stop(), 0)
    assert.ok(Date.now() - begun < 5_000)
    socket.destroy()
    server.site.remove()
  })
})

describe('two processes on one database', () => {
  let first: ServerProcess
  let second: ServerProcess
  let client: Peer
  /** Sends to the second process. */
  let there: Difference
  before(async () => {
    first = await serve(CONFIGURE)
    const [port = 0, managementPort = 0] = await freePorts(2)
    second = await serveOn(first.site, first.site.alsoAt({ port, managementPort }))
    client = unplaced.at(first.site.origin)
    there = { port }
  })
  after(async () => {
    await Promise.all([first.stop(), second.stop()])
    first.site.remove()
  })

  test('SP-AZ-09 a code redeemed at one is refused at the other', async () => {
    const code = codeOf(await client.authorize())
    const { accessToken } = granted(await client.exchange(code))
    assert.equal(member(await client.exchange(code, there), 'error'), 'invalid_grant')
    assert.equal((await client.userinfo(accessToken)).status, 401)
  })

  test('SP-AZ-09 of twenty redemptions at both, one wins', async () => {
    const code = codeOf(await client.authorize())
    const attempts = Array.from({ length: 20 }, (_, index) =>
      client.exchange(code, index % 2 === 0 ? {} : there),
    )
    const statuses = (await Promise.all(attempts)).map(({ status }) => status)
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [200, ...Array.from({ length: 19 }, () => 400)],
    )
  })

  test('PKJ-06 DPOP-PRF-15 an assertion and a proof used at one are refused at the other', async () => {
    const assertion = client.assertion()
    assert.equal((await client.push({ assertion })).status, 201)
    assert.equal(member(await client.push({ assertion, ...there }), 'error'), 'invalid_client')
    const proof = client.proof(client.endpoint('par'))
    assert.equal((await client.push({ proof, ...there })).status, 201)
    assert.equal(member(await client.push({ proof }), 'error'), 'invalid_dpop_proof')
  })

  test('a token of one is good at the other, until one of them ends it', async () => {
    const { accessToken, refreshToken = '' } = await client.logIn()
    assert.equal((await client.userinfo(accessToken, there)).status, 200)
    assert.equal((await client.refresh(refreshToken, there)).status, 200)
    assert.equal((await client.revoke(refreshToken, there)).status, 200)
    assert.equal((await client.userinfo(accessToken)).status, 401)
  })

  test('a login at one is a login at the other', async () => {
    const browser = client.browser()
    codeOf(await client.authorize(browser))
    const pushed = await client.push(there)
    const cookie = browser.cookies()
    const link = client.link(pushed)
    const { status, headers } = await ask(link, { ...there, headers: { cookie } })
    assert.equal(status, 303)
    codeOf(new URL(headers.location ?? '', link))
  })
})

function pushBody(client: Peer): string {
  return new URLSearchParams({
    ...client.request(),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: client.assertion(),
  }).toString()
}

function pushHead(client: Peer, body: string): string {
  const { host } = new URL(client.issuer)
  return [
    'POST /par HTTP/1.1',
    `host: ${host}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${body.length}`,
    `dpop: ${client.proof(client.endpoint('par'))}`,
    'connection: close',
    '\r\n',
  ].join('\r\n')
}

/** The status of the management listener; zero when nobody is there. */
async function statusAt(port: number, path: string): Promise<number> {
  try {
    const request = get({ host: '127.0.0.1', port, path, agent: false })
    const [response] = await once(request, 'response')
    response.resume()
    return response.statusCode
  } catch {
    return 0
  }
}

async function turnsRed(port: number): Promise<number> {
  for (;;) {
    const status = await statusAt(port, '/readyz')
    if (status !== 200) return status
  }
}

function rejectIn(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('it stayed ready')), milliseconds).unref()
  })
}
