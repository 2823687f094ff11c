import { StoreUnavailable, type Store } from '@signet/engine'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import type { Config } from '../config/config.ts'
import { createLocalCertificates } from '../dev/certificate-authority.ts'
import { configOf, ISSUER, push, serviceConfig, startRig, type Rig } from '../testing/rig.ts'

const rigs: Rig[] = []
async function start(config?: Config, alter?: (store: Store) => Store): Promise<Rig> {
  const rig = await startRig(config, alter)
  rigs.push(rig)
  return rig
}
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.server.close()
})

/** A server whose store fails, but only after it has started with it. */
async function startThenBreak(failing: (store: Store) => Partial<Store>): Promise<Rig> {
  let living: Store | undefined
  const rig = await start(undefined, (store) => {
    living = { ...store }
    return living
  })
  if (living !== undefined) Object.assign(living, failing(living))
  return rig
}

const serving = (...issuers: readonly string[]): Config =>
  configOf({ services: issuers.map((issuer) => serviceConfig(issuer)) })
const issuerAt = async ({ get }: Rig, path: string, host?: string): Promise<unknown> => {
  const answer = await get(path, host === undefined ? {} : { host })
  return answer.status === 200 ? answer.json()['issuer'] : answer.status
}

describe('several services', () => {
  test('SP-AS-01 META-02 are told apart by path, and each is found at every spelling of its metadata', async () => {
    const [root, one, deep] = [ISSUER, `${ISSUER}/one`, `${ISSUER}/deep/er`]
    const rig = await start(serving(root, one, deep))
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      assert.equal(await issuerAt(rig, `/.well-known/${name}`), root)
      assert.equal(await issuerAt(rig, `/one/.well-known/${name}`), one)
      assert.equal(await issuerAt(rig, `/.well-known/${name}/one`), one)
      assert.equal(await issuerAt(rig, `/deep/er/.well-known/${name}`), deep)
      assert.equal(await issuerAt(rig, `/.well-known/${name}/deep/er`), deep)
      assert.equal(await issuerAt(rig, `/.well-known/${name}/other`), 404)
    }
  })

  test('are told apart by host only where they share a path', async () => {
    const [a, b] = ['https://a.example', 'https://b.example:8443']
    const rig = await start(serving(a, b, 'https://c.example/own'))
    const path = '/.well-known/openid-configuration'
    for (const host of ['a.example', 'A.EXAMPLE', 'a.example:443']) {
      assert.equal(await issuerAt(rig, path, host), a, host)
    }
    assert.equal(await issuerAt(rig, path, 'b.example:8443'), b)
    for (const host of [
      'b.example',
      'a.example:8443',
      'a.example.evil.example',
      'xa.example',
      '',
    ]) {
      assert.equal(await issuerAt(rig, path, host), 404, host)
    }
    assert.equal(await issuerAt(rig, `/own${path}`, 'whatever.example'), 'https://c.example/own')
  })

  test('have nothing in common: a client, a pushed request, a key of one is none of another', async () => {
    const [one, two] = [`${ISSUER}/one`, `${ISSUER}/two`]
    const services = [serviceConfig(one), { ...serviceConfig(two), clients: [] }]
    const rig = await start(configOf({ services }))
    assert.equal((await rig.post('/one/par', rig.credentials(one))).status, 400)
    assert.equal((await rig.post('/two/par', rig.credentials(two))).status, 401)
    assert.equal((await rig.post('/two/par', rig.credentials(one))).status, 401)
    const arrival = await push(rig, {}, one)
    assert.equal((await rig.get(arrival)).status, 303)
    assert.equal((await rig.get(arrival.replace('/one/', '/two/'))).status, 400)
    assert.notEqual((await rig.get('/one/jwks')).body, (await rig.get('/two/jwks')).body)
  })

  test('put what nobody could be asked for on the record of the nearest', async () => {
    const rig = await start(serving(ISSUER, `${ISSUER}/one`))
    const answer = await rig.get('/one/nothing')
    assert.equal(answer.status, 404)
    assert.ok(String(answer.json()['error_uri']).startsWith(`${ISSUER}/one/errors/`))
  })
})

test('DPOP-PRF-09 a single service does not care what the Host header says', async () => {
  const rig = await start()
  for (const host of ['as.example', 'evil.example', '127.0.0.1', 'AS.EXAMPLE:99']) {
    const answer = await rig.get('/.well-known/openid-configuration', { host })
    assert.equal(answer.json()['issuer'], ISSUER)
    assert.ok(!answer.body.includes('evil'))
  }
})

describe('REV-04 a store that is away', () => {
  const goingAway = (store: Store): Partial<Store> => ({
    replay: { first: () => Promise.reject(new StoreUnavailable('disk full', undefined, 7)) },
    audit: { ...store.audit, find: () => Promise.reject(new StoreUnavailable('disk full')) },
  })

  test('REV-04 is told to clients as temporarily_unavailable, with the seconds to wait', async () => {
    const rig = await startThenBreak(goingAway)
    const answer = await rig.post('/par', rig.credentials())
    assert.equal(answer.status, 503)
    assert.equal(answer.headers['retry-after'], '7')
    assert.equal(answer.json()['error'], 'temporarily_unavailable')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.ok(answer.headers['strict-transport-security'])
    assert.ok(!answer.body.includes('disk'))
  })

  test('REV-04 is told to people on a page', async () => {
    const rig = await startThenBreak(goingAway)
    const answer = await rig.get('/errors/x')
    assert.equal(answer.status, 503)
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
    assert.equal(answer.headers['retry-after'], '2')
  })
})

test('what strangers cause while the store is away, or by a bug, does not fill the log', async (t) => {
  for (const failure of [new StoreUnavailable('disk full'), new TypeError('a bug')]) {
    const rig = await startThenBreak((store) => ({
      audit: { ...store.audit, find: () => Promise.reject(failure) },
    }))
    // The second that is counted does not end.
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const answers = await Promise.all(Array.from({ length: 130 }, () => rig.get('/errors/x')))
    assert.ok(answers.every(({ status }) => status >= 500))
    t.mock.timers.reset()
    const failures = rig.log.filter((line) => line.includes('"level":"error"'))
    assert.equal(failures.length, 100)
  }
})

test('who names a client that cannot be used again and again does not fill the log', async (t) => {
  const rig = await start()
  const kept = { clientId: 'old', metadata: {}, source: 'command', disabled: false } as const
  await rig.store().clients.put({ ...kept, updatedAt: 0 })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await Promise.all(Array.from({ length: 130 }, () => rig.get('/logout?client_id=old')))
  t.mock.timers.reset()
  const lines = rig.log.filter((line) => line.includes('a client cannot be used'))
  assert.ok(lines.length > 0 && lines.length <= 100, `${lines.length}`)
})

describe('OAU-05 a bug of ours', () => {
  const SECRET = 'the-secret-in-the-error'
  const breaking = (store: Store): Partial<Store> => {
    const broken = { peek: () => Promise.reject(new TypeError(SECRET)) }
    return {
      pushedRequests: Object.assign(store.pushedRequests, broken),
      replay: { first: () => Promise.reject(new TypeError(SECRET)) },
    }
  }

  test('OAU-05 gives clients 500 server_error with an event, and not a word about the bug', async () => {
    const rig = await startThenBreak(breaking)
    const answer = await rig.post('/par', rig.credentials())
    assert.equal(answer.status, 500)
    const { error, error_uri: uri } = answer.json()
    assert.equal(error, 'server_error')
    assert.ok(!answer.body.includes(SECRET) && !answer.body.includes('.ts'))

    const eventId = String(uri).replace(/.*\//, '')
    const event = await rig.store().audit.find(eventId)
    // Whoever can make us fail can do so without end, and must make nothing else go.
    assert.deepEqual([event?.kind, event?.unauthenticated], ['failed', true])
    const logged = rig.log.find((line) => line.includes(eventId) && line.includes('"err"'))
    assert.match(logged ?? '', new RegExp(SECRET))
    assert.equal((await rig.get(`/errors/${eventId}`)).status, 200)
  })

  test('OAU-05 gives people a page with the event, and not a word about the bug', async () => {
    const rig = await startThenBreak(breaking)
    const answer = await rig.get(
      '/authorize?client_id=app&request_uri=urn:ietf:params:oauth:request_uri:x',
    )
    assert.equal(answer.status, 500)
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
    assert.ok(!answer.body.includes(SECRET) && !answer.body.includes('.ts'))
    assert.match(answer.body, /[\w-]{22}/)
  })
})

describe('a server that drains', () => {
  const listening = (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })

  test('answers what is under way, takes nothing new, and ends', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const slow = (store: Store): Store => ({
      ...store,
      audit: {
        ...store.audit,
        find: async () => {
          entered.resolve()
          await gate.promise
          return undefined
        },
      },
    })
    const rig = await start(configOf({ drain: 10 }), slow)
    const underWay = rig.get('/errors/x')
    await entered.promise
    const closed = rig.server.close()
    for (let tries = 0; tries < 100 && (await listening(rig.server.url)); tries += 1);
    assert.equal(await listening(rig.server.url), false)
    gate.resolve()
    assert.equal((await underWay).status, 404)
    await closed
  })

  test('cuts off what does not come to an end', async () => {
    const entered = Promise.withResolvers<void>()
    const stuck = (store: Store): Store => ({
      ...store,
      audit: {
        ...store.audit,
        find: () => {
          entered.resolve()
          return new Promise(() => {})
        },
      },
    })
    const rig = await start(configOf({ drain: 0.1 }), stuck)
    const underWay = rig.get('/errors/x')
    const cut = assert.rejects(underWay)
    await entered.promise
    await rig.server.close()
    await cut
  })

  test('does not wait for connections that are only kept alive', async () => {
    const rig = await start(configOf({ drain: 30 }))
    const socket = connect(Number(new URL(rig.server.url).port), '127.0.0.1')
    socket.write('GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    const begun = performance.now()
    await rig.server.close()
    assert.ok(performance.now() - begun < 5_000)
    socket.destroy()
  })

  test('answers what comes on a connection that is kept, and says that it ends', async () => {
    const rig = await start(configOf({ drain: 30 }))
    const socket = connect(Number(new URL(rig.server.url).port), '127.0.0.1')
    const ask = async (): Promise<string> => {
      const heard = once(socket, 'data')
      socket.write('GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n')
      return String((await heard)[0])
    }
    assert.doesNotMatch(await ask(), /^connection: close/im)
    const ended = once(socket, 'end')
    const closed = rig.server.close()
    const last = await ask()
    assert.match(last, /^HTTP\/1\.1 200/)
    assert.match(last, /^connection: close/im)
    await ended
    await closed
  })

  test('does not wait for whoever does not even finish the handshake', async () => {
    const tls = (await createLocalCertificates(['localhost'], Date.now())).server
    const rig = await start(configOf({ listen: { host: '127.0.0.1', port: 0, tls }, drain: 0.1 }))
    const socket = connect(Number(new URL(rig.server.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const begun = performance.now()
    await rig.server.close()
    assert.ok(performance.now() - begun < 3_000)
    socket.destroy()
  })

  test('closes once, however often it is asked', async () => {
    const rig = await start()
    await Promise.all([rig.server.close(), rig.server.close()])
  })
})

describe('a server that cannot start', () => {
  test('lets go of everything it opened, and says why', async () => {
    const bad = serviceConfig(`${ISSUER}/bad`, { clients: [{ client_id: 'x' }] })
    const config = configOf({ services: [serviceConfig(ISSUER), bad] })
    await assert.rejects(start(config), /Client x cannot be registered/)
  })

  test('does not serve two issuers at one address', async () => {
    await assert.rejects(start(serving(ISSUER, `${ISSUER}/`)), /two services are at as\.example/)
  })

  test('says so when the port is taken', async () => {
    const rig = await start()
    const port = Number(new URL(rig.server.url).port)
    await assert.rejects(start(configOf({ listen: { host: '127.0.0.1', port } })), {
      code: 'EADDRINUSE',
    })
  })
})
