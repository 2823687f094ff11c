import { applyMigrations } from '@signet/store/postgres'
import { startTestServer, type TestServer } from '@signet/store/postgres-testing'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { signet, type Ran } from './testing/cli.ts'
import { json } from './testing/https.ts'
import { granted, Peer } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { serviceFor, USER } from './testing/site.ts'

const run = promisify(execFile)
/** Of nobody's password. */
const ANOTHER_HASH = `$argon2id$v=19$m=65536,t=3,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
const peer = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

describe('a service moves from SQLite to PostgreSQL', () => {
  let postgres: TestServer
  let old: ServerProcess
  let moved: ServerProcess | undefined
  let restored: ServerProcess | undefined
  let client: Peer
  /** The same configuration, with another store. */
  let configFile: string
  let database: string
  const tokens = { standing: '', revoked: '', access: '' }

  before(async () => {
    postgres = await startTestServer({ fsync: false })
    database = await postgres.createDatabase()
    old = await serve(serviceFor([peer.metadata()]))
    client = peer.at(old.site.origin)
    configFile = configured('moved.json', database)
    const standing = await client.logIn()
    tokens.standing = String(standing.refreshToken)
    tokens.access = standing.accessToken
    tokens.revoked = String((await client.logIn()).refreshToken)
    assert.equal((await client.revoke(tokens.revoked)).status, 200)
  })
  after(async () => {
    for (const server of [restored, moved, old]) await server?.stop()
    await postgres.dispose()
    old.site.remove()
  })

  function configured(name: string, url: string): string {
    const config = JSON.parse(readFileSync(old.site.configFile, 'utf8'))
    const file = join(old.site.folder, name)
    writeFileSync(file, JSON.stringify({ ...config, store: { postgres: url } }))
    return file
  }
  const on = (config: string, ...args: readonly string[]): Promise<Ran> =>
    signet([...args, '--config', config])
  const well = async (ran: Promise<Ran>): Promise<Ran> => {
    const { code, stderr, stdout } = await ran
    assert.equal(code, 0, stderr || stdout)
    return { code, stderr, stdout }
  }
  const exportFile = (): string => join(old.site.folder, 'export.json')

  test('an export tells everything but secrets that are not sealed or digested', async () => {
    const { stdout } = await well(on(old.site.configFile, 'export', '--keys'))
    writeFileSync(exportFile(), stdout)
    const { services } = json({ body: stdout })
    assert.ok(Array.isArray(services))
    const [service] = services
    assert.equal(service.grants.length, 2)
    assert.equal(service.revocations.length, 1)
    assert.equal(service.users.length, 2)
    assert.ok(
      service.keys.every(({ material }: { material: string }) => material.startsWith('sealed-2:')),
    )
    for (const secret of Object.values(tokens)) assert.ok(!stdout.includes(secret))
    const without = await well(on(old.site.configFile, 'export'))
    assert.doesNotMatch(without.stdout, /sealed-2:|"keys":\[\n/)
    const tail = await well(on(old.site.configFile, 'audit', 'tail', '--stream', 'trusted'))
    assert.match(tail.stdout, / administered export by=".+" detail="clients 1, users 2, /)
  })

  test('an import into a store that has no schema, or for another service, says so', async () => {
    const early = await on(configFile, 'import', exportFile())
    assert.equal(early.code, 2)
    assert.match(early.stderr, /signet migrate --apply/)
    await well(on(configFile, 'migrate', '--apply'))
    const file = join(old.site.folder, 'strange.json')
    writeFileSync(
      file,
      readFileSync(exportFile(), 'utf8').replaceAll(old.site.origin, 'https://x.example'),
    )
    const strange = await on(configFile, 'import', file)
    assert.equal(strange.code, 2)
    assert.match(strange.stderr, /^https:\/\/x\.example is in the file, and no service/m)
  })

  test('the same bytes come out where an export went in', async () => {
    await old.stop()
    const last = await well(on(old.site.configFile, 'export', '--keys'))
    writeFileSync(exportFile(), last.stdout)
    const imported = await well(on(configFile, 'import', exportFile()))
    assert.match(
      imported.stdout,
      /: clients 1, users 2, consents 1, grants 2, revocations 1, keys \d+$/m,
    )
    assert.equal((await well(on(configFile, 'export', '--keys'))).stdout, last.stdout)
    const tail = await well(on(configFile, 'audit', 'tail', '--stream', 'trusted'))
    assert.match(tail.stdout, / administered import by=".+" detail="clients 1, users 2, /)
  })

  test('REV-03 refresh and access tokens go on where they went, and what was revoked stays so', async () => {
    moved = await serveOn(old.site, configFile)
    assert.ok(granted(await client.refresh(tokens.standing)).accessToken)
    assert.equal((await client.refresh(tokens.revoked)).status, 400)
    assert.equal((await client.userinfo(tokens.access)).status, 200)
    assert.equal((await client.revoke(tokens.access)).status, 200)
    assert.equal((await client.userinfo(tokens.access)).status, 401)
    await client.logIn()
  })

  test('what is in the way of an import is told, and nothing is changed', async () => {
    const unchanged = await well(on(configFile, 'export'))
    const text = readFileSync(exportFile(), 'utf8').replace('"disabled":false', '"disabled":true')
    const file = join(old.site.folder, 'changed.json')
    writeFileSync(file, text)
    const refused = await on(configFile, 'import', file)
    assert.equal(refused.code, 2)
    assert.match(
      refused.stderr,
      /^Nothing was imported: .*\n {2}- clients "app" is another one there$/m,
    )
    assert.equal((await well(on(configFile, 'export'))).stdout, unchanged.stdout)
  })

  test('a dump of PostgreSQL restored into another database goes on as well', async () => {
    const dump = join(postgres.directory, 'signet.dump')
    const told = await on(configFile, 'backup', dump)
    const [, command = ''] = /^ {2}(\(umask 077; pg_dump .*)$/m.exec(told.stderr) ?? []
    await run('sh', ['-c', command])
    await moved?.stop()
    const copy = await postgres.createDatabase()
    await run('pg_restore', ['--exit-on-error', '--no-owner', `--dbname=${copy}`, dump])
    await applyMigrations({ server: copy }, 0)
    const restoredConfig = configured('restored.json', copy)
    const verified = await well(on(restoredConfig, 'audit', 'verify'))
    assert.match(verified.stdout, /^Nothing was changed, put in or removed/m)
    restored = await serveOn(old.site, restoredConfig)
    assert.ok(granted(await client.refresh(tokens.standing)).accessToken)
    assert.equal((await client.refresh(tokens.revoked)).status, 400)
    await client.logIn()
    await well(on(restoredConfig, 'audit', 'verify'))
  })

  test('BCP-16 who gets another password by an import is logged out, and told by name', async () => {
    const restoredConfig = join(old.site.folder, 'restored.json')
    const { services, ...rest } = json({ body: (await well(on(restoredConfig, 'export'))).stdout })
    assert.ok(Array.isArray(services))
    const [service] = services
    const users = service.users.map((user: { readonly username: string }) =>
      user.username === USER ? { ...user, passwordHash: ANOTHER_HASH } : user,
    )
    const file = join(old.site.folder, 'renewed.json')
    writeFileSync(file, JSON.stringify({ ...rest, services: [{ ...service, users }] }))
    assert.ok(granted(await client.refresh(tokens.standing)).accessToken)
    const { stdout } = await well(on(restoredConfig, 'import', '--replace', file))
    assert.match(stdout, /: sessions and grants of "alice" ended$/m)
    assert.equal((await client.refresh(tokens.standing)).status, 400)
  })
})
