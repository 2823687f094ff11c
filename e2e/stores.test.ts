import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { signet, type Around, type Ran } from './testing/cli.ts'
import { member } from './testing/https.ts'
import { codeOf, granted, passThrough, Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'
import { onPostgres, onPostgresAndRedis, type Storage } from './testing/storage.ts'
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
      (issuer) => ({
        issuer,
        clients: [declared.metadata()],
        scopes: SCOPES,
        users: USERS,
        store: storage.store,
      }),
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
  })
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
    assert.match(applied, /^Applied version 1, the first schema \(expand\)$/m)
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
