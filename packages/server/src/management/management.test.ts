import { StoreUnavailable, type Store } from '@signet/engine'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, type Received } from '../testing/exchange.ts'
import { configOf, ISSUER, PASSWORD, pathIn, push, startRig, type Rig } from '../testing/rig.ts'
import { cookieHeader } from '../testing/exchange.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { startSweeping } from './sweeping.ts'

const managed = configOf({ management: { host: '127.0.0.1', port: 0 }, drain: 10 })

describe('the management listener', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig(managed)
  })
  after(() => rig.server.close())
  const ask = (path: string, method = 'GET'): Promise<Received> =>
    exchange(`${rig.server.managementUrl}${path}`, { method })

  test('says that the process lives and that it is ready, check by check', async () => {
    assert.deepEqual((await ask('/livez')).json(), { status: 'ok' })
    const ready = await ask('/readyz')
    assert.equal(ready.status, 200)
    assert.deepEqual(ready.json(), {
      status: 'ready',
      checks: [
        { name: 'accepting', ok: true },
        { name: 'store', ok: true },
      ],
    })
  })

  test('answers nothing else, and is not reached through the other listener', async () => {
    assert.equal((await ask('/')).status, 404)
    assert.equal((await ask('/livez', 'POST')).status, 405)
    for (const path of ['/livez', '/readyz', '/metrics'])
      assert.equal((await rig.get(path)).status, 404)
  })

  test('counts what was decided, by names that do not grow with use', async () => {
    await rig.post('/token', { ...rig.credentials(), grant_type: 'password' })
    const assertion = rig.credentials()
    for (let time = 0; time < 2; time += 1)
      await rig.post('/introspect', { ...assertion, token: 'x' })
    const { body, headers } = await ask('/metrics')
    assert.match(headers['content-type'] ?? '', /^text\/plain/)
    for (const line of [
      `signet_requests_total{service="${ISSUER}",step="token",outcome="refused"} 1`,
      'signet_refusals_total{step="token",reason="grant_type_unsupported"} 1',
      'signet_replays_total 1',
      'signet_nonce_challenges_total 0',
      'signet_request_duration_seconds_count{step="token"} 1',
      'signet_request_duration_seconds_bucket{le="0.005",step="token"}',
      'signet_request_duration_seconds_bucket{le="0.5",step="token"}',
      'process_cpu_user_seconds_total',
    ]) {
      assert.ok(body.includes(line), line)
    }
    const labels = [...body.matchAll(/(\w+)="/g)].map(([, name]) => name)
    const ours = new Set(
      labels.filter((name) =>
        ['client', 'client_id', 'subject', 'event', 'kid', 'path'].includes(name ?? ''),
      ),
    )
    assert.deepEqual([...ours], [])
  })
})

describe('readiness while the store is away', () => {
  const readiness = async (check: () => Promise<void>): Promise<Received> => {
    const rig = await startRig(managed, undefined, check)
    try {
      return await exchange(`${rig.server.managementUrl}/readyz`)
    } finally {
      await rig.server.close()
    }
  }

  test('is off, and says why', async () => {
    const answer = await readiness(() => Promise.reject(new StoreUnavailable('disk full')))
    assert.equal(answer.status, 503)
    assert.deepEqual(answer.json(), {
      status: 'not ready',
      checks: [
        { name: 'accepting', ok: true },
        { name: 'store', ok: false, detail: 'disk full' },
      ],
    })
  })

  test('is off within a second when the store says nothing', async () => {
    const begun = performance.now()
    const answer = await readiness(() => new Promise(() => {}))
    assert.equal(answer.status, 503)
    assert.match(answer.body, /"name":"store","ok":false,"detail":"no answer within 600 ms"/)
    assert.ok(performance.now() - begun < 3_000)
  })
})

test('DPOP-AS-06 asking for a nonce is counted', async (t) => {
  const { service, ...declared } = managed.services[0] ?? assert.fail()
  const services = [{ ...declared, service: { ...service, dpop: { nonce: 'required' as const } } }]
  const rig = await startRig({ ...managed, services })
  t.after(() => rig.server.close())
  const answer = await rig.post(
    '/par',
    { ...rig.credentials() },
    { dpop: rig.proof(`${ISSUER}/par`) },
  )
  assert.equal(answer.json()['error'], 'use_dpop_nonce')
  const nonces = answer.rawHeaders.filter((name) => name.toLowerCase() === 'dpop-nonce')
  assert.equal(nonces.length, 1)
  const { body } = await exchange(`${rig.server.managementUrl}/metrics`)
  assert.match(body, /signet_nonce_challenges_total 1/)
})

test('readiness is off while the server drains, and life goes on until it ends', async (t) => {
  const gate = Promise.withResolvers<undefined>()
  const entered = Promise.withResolvers<void>()
  const slow = (store: Store): Store => ({
    ...store,
    audit: {
      ...store.audit,
      find: () => {
        entered.resolve()
        return gate.promise
      },
    },
  })
  const rig = await startRig(managed, slow)
  t.after(() => {
    gate.resolve(undefined)
    return rig.server.close()
  })
  const underWay = rig.get('/errors/x')
  await entered.promise
  const closed = rig.server.close()
  const ready = await exchange(`${rig.server.managementUrl}/readyz`)
  assert.equal(ready.status, 503)
  assert.deepEqual(ready.json()['checks'], [
    { name: 'accepting', ok: false },
    { name: 'store', ok: true },
  ])
  assert.equal((await exchange(`${rig.server.managementUrl}/livez`)).status, 200)
  gate.resolve(undefined)
  await underWay
  await closed
  await assert.rejects(exchange(`${rig.server.managementUrl}/livez`))
})

describe('the log', () => {
  test('SP-SEC-05 holds no query, cookie, body, credential or code of a whole flow', async (t) => {
    const rig = await startRig(configOf({ log: { level: 'debug' } }))
    t.after(() => rig.server.close())
    const path = await push(rig, { state: 'SECRET-state' })
    const arrived = await rig.get(`${path}&x=SECRET-query`)
    const place = pathIn(arrived)
    const cookie = `${cookieHeader(arrived)}; x=SECRET-cookie`
    const wrong = { username: 'alice', password: 'SECRET-password' }
    await rig.post(`${place}/login`, wrong, { cookie })
    const loggedIn = await rig.post(`${place}/login`, { ...wrong, password: PASSWORD }, { cookie })
    const session = cookieHeader(arrived, loggedIn)
    const page = await rig.get(place, { cookie: session })
    const action = /action="([^"]*\/consent[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&')
    const done = await rig.post(action ?? '', { decision: 'approve' }, { cookie: session })
    const code = new URL(done.headers.location ?? '').searchParams.get('code')
    await rig.post(
      '/token',
      { ...rig.credentials(), code: 'SECRET-code' },
      { authorization: 'DPoP SECRET-token', dpop: 'SECRET-proof' },
    )
    await rig.get('/userinfo?access_token=SECRET-token', { authorization: 'DPoP SECRET-token' })
    await rig.send('/token?SECRET-query', { method: 'PUT', body: 'SECRET-body' })
    await rig.server.close()

    const log = rig.log.join('')
    assert.ok(rig.log.length >= 5, log)
    assert.ok(!log.includes('SECRET'), rig.log.find((line) => line.includes('SECRET')) ?? '')
    for (const secret of [
      code,
      path,
      PASSWORD,
      ...session.split('; ').map((pair) => pair.split('=')[1]),
    ]) {
      assert.ok(secret && !log.includes(secret))
    }
  })

  test('says of every refusal under which event it is explained', async (t) => {
    const rig = await startRig()
    t.after(() => rig.server.close())
    const answer = await rig.post('/token', { ...rig.credentials(), grant_type: 'password' })
    const eventId = String(answer.json()['error_uri']).replace(/.*\//, '')
    const line = rig.log.find((each) => each.includes(eventId)) ?? assert.fail()
    const { time, ...rest }: Record<string, unknown> = JSON.parse(line)
    assert.ok(Date.parse(String(time)) > 0)
    assert.deepEqual(rest, {
      level: 'info',
      issuer: ISSUER,
      eventId,
      step: 'token',
      clientId: 'app',
      error: 'unsupported_grant_type',
      reason: 'grant_type_unsupported',
      msg: 'refused',
    })
  })

  test('leaves out what somebody may log by mistake', () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const secrets = {
      headers: { cookie: 'SECRET' },
      body: 'SECRET',
      url: '/?SECRET',
      password: 'SECRET',
    }
    log.info({ ...secrets, request: { ...secrets, authorization: 'SECRET', dpop: 'SECRET' } }, 'x')
    log.error(
      { err: Object.assign(new Error('bad'), { rawPacket: 'SECRET', config: 'SECRET' }) },
      'x',
    )
    log.error({ err: 'SECRET' }, 'x')
    assert.equal(lines.length, 3)
    assert.ok(!lines.join('').includes('SECRET'), lines.join(''))
    assert.match(lines[1] ?? '', /"message":"bad"/)
  })
})

describe('sweeping', () => {
  const log = createLog('silent')

  test('goes on soon while there is much to forget, says how much, and stops', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const metrics = createMetrics()
    const found = [200, 200, 3, 0]
    const budgets: number[] = []
    const sweep = (budget: number): Promise<Record<string, number>> => {
      budgets.push(budget)
      return Promise.resolve({ codes: found[budgets.length - 1] ?? 0, grants: 0 })
    }
    const sweeping = startSweeping({ sweep, metrics, log })
    context.after(() => sweeping.stop())
    const pass = async (milliseconds: number): Promise<void> => {
      context.mock.timers.tick(milliseconds)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(budgets.length, 0)
    await pass(5_000)
    await pass(50)
    await pass(50)
    assert.deepEqual(budgets, [200, 200, 200])
    await pass(50)
    assert.equal(budgets.length, 3, 'nothing is left, so there is time')
    await pass(5_000)
    assert.equal(budgets.length, 4)
    assert.match(await metrics.registry.metrics(), /signet_swept_rows_total{table="codes"} 403/)
    sweeping.stop()
    await pass(60_000)
    assert.equal(budgets.length, 4)
  })

  test('goes on after a failure', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    let rounds = 0
    const sweep = (): Promise<never> => {
      rounds += 1
      return Promise.reject(new Error('locked'))
    }
    const sweeping = startSweeping({ sweep, metrics: createMetrics(), log })
    context.after(() => sweeping.stop())
    for (let round = 0; round < 3; round += 1) {
      context.mock.timers.tick(5_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(rounds, 3)
    sweeping.stop()
  })
})

test('a server holds nothing open after it was closed', async (t) => {
  const rig = await startRig(managed)
  t.after(() => rig.server.close())
  await rig.server.close()
  await delay(10)
  const open = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap')
  assert.deepEqual(open, [])
})
