import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { signet } from './testing/cli.ts'
import { freePorts } from './testing/free-ports.ts'
import { codeOf, granted, Peer, type Difference } from './testing/peer.ts'
import { Load } from './testing/load.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { createSite, serviceFor } from './testing/site.ts'
import { dial, hearing, statusOf } from './testing/wire.ts'
import { bothAtWork, readinessOf, roll, until, workersOf } from './testing/workers.ts'

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })
const CONFIGURE = serviceFor([unplaced.metadata()])
const TWO = ['--workers', '2']
/** On a connection of its own. */
const ALONE: Difference = { headers: { connection: 'close' } }

describe('two workers', () => {
  let server: ServerProcess
  let client: Peer
  before(async () => {
    server = await serve(CONFIGURE, TWO)
    client = unplaced.at(server.site.origin)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  test('share the requests, and each counts its own', async () => {
    const shared = async (): Promise<boolean> => {
      await Promise.all(Array.from({ length: 8 }, () => client.credentials(ALONE)))
      const answer = await fetch(`http://127.0.0.1:${server.site.managementPort}/metrics`)
      const text = await answer.text()
      assert.match(text, /^signet_workers_ready\{worker="0"\} 2$/m)
      return [1, 2].every((worker) =>
        new RegExp(`^signet_requests_total\\{.*step="token",.*worker="${worker}"\\} \\d`, 'm').test(
          text,
        ),
      )
    }
    await until(shared)
    assert.match(server.output(), /"worker":1,/)
    assert.match(server.output(), /"worker":2,/)
  })

  test('are ready, and say what of', async () => {
    const { status, checks } = await readinessOf(server)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(checks), ['accepting', 'workers', 'store'])
  })

  test('SP-AZ-09 of twenty redemptions at both, one wins', async () => {
    const code = codeOf(await client.authorize())
    const attempts = Array.from({ length: 20 }, () => client.exchange(code, ALONE))
    const statuses = (await Promise.all(attempts)).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 1)
    assert.equal(statuses.filter((status) => status === 400).length, 19)
  })

  test('lose no request while they are replaced, on connections that are kept or new', async () => {
    const load = new Load()
      .tokens(client, { times: 4, keep: true })
      .tokens(client, { times: 3, keep: false })
      .flows(client, 1)
    const old = new Set(workersOf(server))
    assert.equal(old.size, 2)
    await load.more(50)
    for (let time = 0; time < 3; time += 1) {
      await roll(server)
      await load.more(20)
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
    assert.ok(load.answered > 200, `only ${load.answered} were answered`)
    assert.ok(load.ended > 0, 'nobody who kept a connection was told that it ends')
    const now = workersOf(server)
    assert.equal(now.length, 2)
    assert.ok(now.every((pid) => !old.has(pid)))
  })

  test('go on when one of them is killed, which is replaced', async () => {
    const load = new Load()
      .tokens(client, { times: 4, keep: true })
      .tokens(client, { times: 4, keep: false })
    await load.more(50)
    const [victim = 0, survivor = 0] = workersOf(server)
    process.kill(victim, 'SIGKILL')
    await until(() => server.output().includes('a worker died'))
    await bothAtWork(server)
    const failed = load.failures.length
    await load.more(200)
    await load.stop()
    assert.equal(load.failures.length, failed, 'requests went to nobody')
    assert.ok(failed <= 8, `more than were under way: ${load.failures.join('\n')}`)
    const now = workersOf(server)
    assert.equal(now.length, 2)
    assert.ok(now.includes(survivor) && !now.includes(victim))
    const metrics = await fetch(`http://127.0.0.1:${server.site.managementPort}/metrics`)
    assert.match(
      await metrics.text(),
      /^signet_worker_deaths_total\{reason="died",worker="0"\} 1$/m,
    )
  })

  test('are back when all of them are killed', async () => {
    for (const pid of workersOf(server)) process.kill(pid, 'SIGKILL')
    await until(async () => (await readinessOf(server)).status === 503)
    await bothAtWork(server)
    granted(await client.credentials(ALONE))
  })
})

describe('a new configuration', () => {
  const later = new Peer({ clientId: 'later' })
  let server: ServerProcess
  before(async () => {
    server = await serve(CONFIGURE, TWO)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  test('is taken by SIGHUP', async () => {
    const { configFile, origin } = server.site
    assert.equal((await later.at(origin).credentials(ALONE)).status, 401)
    const config: { clients: object[] } = JSON.parse(readFileSync(configFile, 'utf8'))
    config.clients.push(later.metadata())
    writeFileSync(configFile, JSON.stringify(config))
    await roll(server)
    await until(async () => (await later.at(origin).credentials(ALONE)).status === 200)
  })

  test('that cannot be used changes nothing', async () => {
    const workers = workersOf(server)
    writeFileSync(server.site.configFile, '{ "issuer": ')
    server.send('SIGHUP')
    await until(() => server.output().includes('the workers stay as they are'))
    assert.deepEqual(workersOf(server), workers)
    granted(await later.at(server.site.origin).credentials(ALONE))
  })
})

describe('the end', () => {
  test('comes when what is under way is answered, if only the primary is told or all are', async () => {
    for (const all of [false, true]) {
      const server = await serve(CONFIGURE, TWO)
      const { port, origin } = server.site
      const client = unplaced.at(origin)
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: client.assertion(),
      }).toString()
      const socket = await dial(port)
      const heard = hearing(socket, 8_000)
      const head = [
        'POST /token HTTP/1.1',
        `host: ${new URL(origin).host}`,
        'content-type: application/x-www-form-urlencoded',
        `content-length: ${body.length}`,
        `dpop: ${client.proof(client.endpoint('token'))}`,
        '\r\n',
      ].join('\r\n')
      socket.write(head + body.slice(0, 50))
      // Both have what came before once each of them has answered something that came later.
      for (let time = 0; time < 20; time += 1) granted(await client.credentials(ALONE))
      const workers = workersOf(server)
      server.terminate()
      if (all) for (const pid of workers) process.kill(pid, 'SIGTERM')
      await until(async () => (await readinessOf(server)).status === 503)
      assert.equal((await readinessOf(server)).checks['accepting']?.ok, false)
      assert.ok(server.isRunning, 'it ended before its request')
      socket.write(body.slice(50))
      assert.equal(statusOf(await heard), 200)
      assert.equal(await server.stop(), 0)
      for (const pid of workers) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
      server.site.remove()
    }
  })

  test('comes to the workers when the primary is killed', async () => {
    const server = await serve(CONFIGURE, TWO)
    const workers = workersOf(server)
    await server.kill()
    await until(() =>
      workers.every((pid) => {
        try {
          return !process.kill(pid, 0)
        } catch {
          return true
        }
      }),
    )
    server.site.remove()
  })
})

test('one process does not end when it is told to reload, and says what to do', async () => {
  const server = await serve(CONFIGURE)
  server.send('SIGHUP')
  await until(() => server.output().includes('SIGHUP changes nothing here'))
  granted(await unplaced.at(server.site.origin).credentials(ALONE))
  assert.equal(await server.stop(), 0)
  server.site.remove()
})

describe('workers that cannot start', () => {
  test('say why once, and it is over', async () => {
    const running = await serve(CONFIGURE)
    const [managementPort = 0] = await freePorts(1)
    const configFile = running.site.alsoAt({ port: running.site.port, managementPort })
    const taken = await signet(['serve', ...TWO, '--config', configFile])
    assert.equal(taken.code, 1)
    assert.equal(taken.stderr.split('EADDRINUSE').length - 1, 1, taken.stderr)
    assert.doesNotMatch(taken.stderr, /\n +at /)
    await running.stop()
    running.site.remove()
  })

  test('are not even tried with a configuration that is none', async () => {
    const site = await createSite(() => ({ isuer: 'x' }))
    const { code, stderr } = await signet(['serve', ...TWO, '--config', site.configFile])
    assert.equal(code, 2)
    assert.equal(stderr.split('did you mean issuer').length - 1, 1)
    const alone = await createSite((issuer) => ({ issuer, store: { memory: true } }))
    const refused = await signet(['serve', ...TWO, '--config', alone.configFile])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /store\.memory: unknown key/)
    alone.remove()
    for (const number of ['0', '-1', 'two', '1.5', '1000']) {
      const ran = await signet(['serve', `--workers=${number}`, '--config', site.configFile])
      assert.equal(ran.code, 2)
    }
    site.remove()
  })
})
