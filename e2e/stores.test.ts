import { startTestServer } from '@signet/store/postgres-testing'
import { startRedis } from '@signet/store/redis-testing'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Browser } from './flow/browser.ts'
import { AppBrowser } from './testing/app-browser.ts'
import { serveBffSite, type BffSite } from './testing/bff-site.ts'
import { signet, type Around, type Ran } from './testing/cli.ts'
import { freePorts } from './testing/free-ports.ts'
import { ask, json, member } from './testing/https.ts'
import { codeOf, granted, passThrough, Peer } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { createSite, serviceFor } from './testing/site.ts'
import { onPostgres, onPostgresAndRedis, type Storage } from './testing/storage.ts'
import { TinyApi } from './testing/tiny-api.ts'
import { until } from './testing/workers.ts'

const declared = new Peer({ clientId: 'declared', scope: 'openid accounts offline_access' })
const added = new Peer({ clientId: 'added' })

describe('the commands of an operator, beside a server on PostgreSQL and Redis', () => {
  let storage: Storage
  let server: ServerProcess
  let client: Peer
  before(async () => {
    storage = await onPostgresAndRedis()
    server = await serve(
      serviceFor([declared.metadata()], { store: storage.store }),
      storage.options,
    )
    client = declared.at(server.site.origin)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
    await storage.stop()
  })

  const run = async (words: string, around: Around = {}): Promise<string> => {
    const ran = await signet([...words.split(' '), '--config', server.site.configFile], around)
    assert.equal(ran.code, 0, ran.stderr)
    return ran.stdout
  }

  test('register, shut out and let in a client', async () => {
    const pushed = async (): Promise<number> => (await added.at(server.site.origin).push()).status
    assert.equal(await pushed(), 401)
    await run('client add -', { stdin: JSON.stringify(added.metadata()) })
    await until(async () => (await pushed()) === 201)
    await run('client disable added')
    await until(async () => (await pushed()) === 401)
    assert.match(await run('client list'), /^added .*command +disabled$/m)
    await run('client enable added')
    await until(async () => (await pushed()) === 201)
    assert.match(await run('client show added'), /"client_id": "added"/)
  })

  test('BCP-16 add a user, and end what the user has, codes in Redis among it', async () => {
    await run('user add erin --password-stdin', { stdin: 'wonderland' })
    const browser = client.browser()
    const logIn = async (): Promise<string> =>
      codeOf(await passThrough(browser, client.link(await client.push()), 'erin'))
    const { refreshToken = '' } = granted(await client.exchange(await logIn()))
    const code = await logIn()
    await run('user disable erin')
    assert.equal(member(await client.exchange(code), 'error'), 'invalid_grant')
    assert.equal(member(await client.refresh(refreshToken), 'error'), 'invalid_grant')
    assert.match(await run('user list'), /^erin .*command +disabled$/m)
  })

  test('list and rotate keys', async () => {
    assert.match(await run('keys list'), / ES256 +signing /)
    assert.match(await run('keys rotate --algorithm ES256'), / ES256 +announced /)
  })

  test('explain an event, and find the audit whole', async () => {
    const event = member(await client.exchange('no-code'), 'error_uri')
    assert.match(await run(`explain ${event}`), /^Client +declared$/m)
    assert.match(await run('audit verify'), /^trusted +\d+ /m)
    assert.match(await run('audit tail -n 5'), /exchange|token/)
  })

  test('say of the schema that it is up to date', async () => {
    assert.match(await run('migrate --plan'), /up to date/)
    assert.match(await run('migrate --apply'), /up to date/)
    assert.match(await run('migrate --status'), /^1 +the first schema +expand +2\S+Z$/m)
    assert.doesNotMatch(await run('migrate --status'), /to be applied/)
  })
})

test('while Redis is away, only commands that need it fail, and before they have changed anything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
  writeFileSync(join(folder, 'master.key'), `${'A'.repeat(43)}\n`)
  const file = join(folder, 'signet.json')
  const store = { sqlite: 'signet.db', redis: 'redis://127.0.0.1:1' }
  const config = { issuer: 'https://as.example', listen: { port: 0 }, master_key: 'master.key' }
  writeFileSync(file, JSON.stringify({ ...config, store }))
  const run = (words: string, stdin = ''): Promise<Ran> =>
    signet([...words.split(' '), '--config', file], { stdin })
  try {
    const client = await run('client add -', JSON.stringify(added.metadata({ scope: 'openid' })))
    assert.equal(client.code, 0, client.stderr)
    for (const words of ['client list', 'user list', 'keys list', 'audit verify', 'export']) {
      const { code, stderr } = await run(words)
      assert.equal(code, 0, stderr)
    }
    for (const words of ['user add alice --password-stdin', 'user disable alice', 'serve']) {
      const { code, stderr } = await run(words, 'wonderland')
      assert.equal(code, 2)
      assert.match(stderr, /Redis/)
      assert.doesNotMatch(stderr, /\n +at /)
    }
    assert.doesNotMatch((await run('user list')).stdout, /alice/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('a database without a schema', () => {
  let storage: Storage
  let folder: string
  before(async () => {
    storage = await onPostgres()
    folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
    writeFileSync(join(folder, 'master.key'), `${'A'.repeat(43)}\n`)
  })
  after(async () => {
    await storage.stop()
    rmSync(folder, { recursive: true })
  })

  const run = (store: object, words: string): Promise<Ran> => {
    const file = join(folder, 'signet.json')
    const config = { issuer: 'https://as.example', listen: { port: 0 }, store }
    writeFileSync(file, JSON.stringify({ ...config, master_key: 'master.key' }))
    return signet([...words.split(' '), '--config', file])
  }

  test('is refused by whoever needs one, who says what to do', async () => {
    for (const words of ['serve', 'serve --workers 2', 'client list', 'keys list']) {
      const { code, stderr } = await run(storage.store, words)
      assert.equal(code, words.includes('workers') ? 1 : 2)
      assert.equal(stderr.split('run "signet migrate --apply" first').length - 1, 1, stderr)
      assert.doesNotMatch(stderr, /\n +at /)
    }
  })

  test('is planned, made, and then there', async () => {
    const { stdout: plan } = await run(storage.store, 'migrate --plan')
    assert.match(plan, /^-- 1, the first schema \(expand\)$/m)
    assert.match(plan, /CREATE TABLE/)
    const { stdout: pending } = await run(storage.store, 'migrate --status')
    assert.match(pending, /^1 +the first schema +expand +to be applied$/m)
    const { stdout: applied } = await run(storage.store, 'migrate --apply')
    assert.match(applied, /^Applied version 1, the first schema \(expand\)\nApplied version 2, /m)
    assert.equal((await run(storage.store, 'client list')).code, 0)
  })

  test('is told apart from a file, which is always up to date', async () => {
    const ran = await run({ sqlite: 'own.db' }, 'migrate --apply')
    assert.match(ran.stdout, /^Nothing is to be done: .* A file is brought up to date/)
  })

  test('is not touched by whoever does not say what to do, or says two things', async () => {
    assert.match((await run(storage.store, 'migrate')).stderr, /--plan, --apply or --status/)
    for (const both of ['--plan --apply', '--apply --status', '--plan --status']) {
      assert.match((await run(storage.store, `migrate ${both}`)).stderr, /cannot be used with/)
    }
  })

  test('is not told with its password, by whatever fails', async () => {
    const store = { postgres: 'postgres://signet:s3cret@localhost:1/signet' }
    for (const words of ['serve', 'migrate --status', 'config print', 'client list']) {
      const { stdout, stderr } = await run(store, words)
      assert.ok(!(stdout + stderr).includes('s3cret'), stdout + stderr)
      assert.match(stdout + stderr, /localhost:1/)
    }
  })
})

describe('two servers that start at the same moment on an empty database', () => {
  test('both come up, with the same keys, users and clients', async () => {
    const storage = await onPostgres()
    const site = await createSite(serviceFor([declared.metadata()], { store: storage.store }))
    const [port = 0, managementPort = 0] = await freePorts(2)
    const servers = await Promise.all(
      [site.configFile, site.alsoAt({ port, managementPort })].map((file) =>
        serveOn(site, file, storage.options),
      ),
    )
    const client = declared.at(site.origin)
    const { accessToken, refreshToken = '' } = await client.logIn()
    assert.equal((await client.userinfo(accessToken, { port })).status, 200)
    granted(await client.refresh(refreshToken, { port }))
    const [one, other] = await Promise.all([
      ask(client.endpoint('jwks')),
      ask(client.endpoint('jwks'), { port }),
    ])
    assert.equal(one.body, other.body)
    await Promise.all(servers.map((server) => server.stop()))
    site.remove()
    await storage.stop()
  })
})

describe('the sessions of a BFF', () => {
  let api: TinyApi
  let site: BffSite
  before(async () => {
    api = await new TinyApi().listen()
    site = await serveBffSite(api.origin)
  })
  after(async () => {
    await site.close()
    api.close()
  })

  const logIn = async (): Promise<AppBrowser> => {
    const app = new AppBrowser(site.app)
    const { headers } = await app.open('/bff/login')
    const back = await passThrough(new Browser(site.issuer), new URL(headers.location ?? ''))
    assert.equal((await app.open(back, 'cross-site')).status, 200)
    return app
  }
  const isLoggedIn = async (app: AppBrowser): Promise<boolean> =>
    json(await app.call('/bff/user?slide=false'))['authenticated'] === true
  const ready = async (): Promise<boolean> => (await fetch(`${site.management}/readyz`)).ok
  const bff = (...words: readonly string[]): Promise<Ran> =>
    signet(['bff', ...words, '--config', site.configFile])

  /** Logs in, restarts, and takes the store away for a while. */
  const proves = async (away: () => unknown, back: () => unknown): Promise<void> => {
    const app = await logIn()
    await site.bff.stop()
    await site.bff.start()
    assert.ok(await isLoggedIn(app))
    await away()
    await until(async () => !(await ready()))
    const refused = await app.call('/bff/user')
    assert.equal(refused.status, 503)
    assert.match(refused.headers['retry-after'] ?? '', /^\d+$/)
    await back()
    await until(ready)
    assert.ok(await isLoggedIn(app))
    assert.equal((await app.call('/api/balance')).status, 200)
  }

  test('are kept in PostgreSQL', async () => {
    const postgres = await startTestServer({ fsync: true })
    await site.bff.stop()
    site.configure({ store: { postgres: await postgres.createDatabase() } })
    const early = await bff()
    assert.equal(early.code, 2)
    assert.match(early.stderr, /run "signet bff migrate --apply" first$/m)
    assert.match((await bff('migrate', '--plan')).stdout, /CREATE TABLE signet_bff\.sessions/)
    assert.match((await bff('migrate', '--apply')).stdout, /^Applied version 1, /m)
    await site.bff.start()
    await proves(
      () => postgres.kill(),
      () => postgres.start(),
    )
    await site.bff.stop()
    await postgres.dispose()
  })

  test('are kept in Redis', async () => {
    const redis = await startRedis()
    site.configure({ store: { redis: redis.url } })
    assert.match((await bff('migrate', '--apply')).stdout, /^Nothing is to be done/)
    await site.bff.start()
    await proves(
      () => redis.freeze(),
      () => redis.thaw(),
    )
    await site.bff.stop()
    await redis.stop()
  })
})
