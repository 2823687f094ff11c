import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { signet, type Ran } from './testing/cli.ts'
import { granted, Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const peer = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

describe('a backup of SQLite', () => {
  let server: ServerProcess
  let client: Peer
  before(async () => {
    server = await serve(serviceFor([peer.metadata()], { lifetimes: { code: 10 } }))
    client = peer.at(server.site.origin)
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  const backup = (...args: readonly string[]): Promise<Ran> =>
    signet(['backup', ...args, '--config', server.site.configFile])

  test('is made while the server runs, and takes the place of the database', async () => {
    const file = join(server.site.folder, 'backup.db')
    const standing = String((await client.logIn()).refreshToken)
    const revoked = String((await client.logIn()).refreshToken)
    assert.equal((await client.revoke(revoked)).status, 200)
    const made = await backup(file)
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /backup\.db: \d+\.\d MiB, schema version \d+, checked\.$/m)
    assert.equal((statSync(file).mode & 0o777).toString(8), '600')
    const later = String((await client.logIn()).refreshToken)

    await server.stop()
    for (const rest of readdirSync(server.site.folder).filter((name) => /-(?:wal|shm)$/.test(name)))
      assert.fail(`${rest} is left by a server that was stopped`)
    copyFileSync(file, server.site.database)
    await server.start()
    assert.ok(granted(await client.refresh(standing)).accessToken)
    assert.equal((await client.refresh(revoked)).status, 400)
    assert.equal((await client.refresh(later)).status, 400)
    await client.logIn()
    const verified = await signet(['audit', 'verify', '--config', server.site.configFile])
    assert.equal(verified.code, 0, verified.stdout)
  })

  test('REV-03 is cleared of everything that was granted, as the documentation says', async () => {
    const browser = client.browser()
    const { accessToken, refreshToken = '' } = await client.logIn(browser)
    await server.stop()
    const all = ['revoke', '--all', '--yes', '--config', server.site.configFile]
    assert.equal((await signet(all)).code, 0)
    const rotate = ['keys', 'rotate', '--now', '--config', server.site.configFile]
    const environment = { SIGNET_KEYS_RETIRE: '1', SIGNET_KEYS_ANNOUNCE: '1' }
    assert.equal((await signet(rotate, { environment })).code, 0)
    await pause(2_500)
    await server.start()
    assert.equal((await client.refresh(refreshToken)).status, 400)
    assert.equal((await client.userinfo(accessToken)).status, 401)
    const page = await browser.open(client.link(await client.push()))
    assert.ok(!(page instanceof URL) && page.html.includes('name="password"'))
    await client.logIn()
  })

  test('takes no place of the database it is of, even if it is told to', async () => {
    const { database } = server.site
    const { ino } = statSync(database)
    for (const file of [database, `${database}-wal`, join(server.site.folder, '.', 'signet.db')]) {
      const { code, stderr } = await backup(file, '--force')
      assert.equal(code, 2)
      assert.match(stderr, /belongs to the database itself/)
    }
    assert.equal(statSync(database).ino, ino)
    await client.logIn()
  })

  test('takes no place that is taken, unless it is told to', async () => {
    const file = join(server.site.folder, 'taken.db')
    writeFileSync(file, 'something dear')
    const refused = await backup(file)
    assert.equal(refused.code, 2)
    assert.match(
      refused.stderr,
      /^There is a file .*taken\.db already; --force lets it give way\.$/m,
    )
    assert.equal(readFileSync(file, 'utf8'), 'something dear')
    assert.equal((await backup(file, '--force')).code, 0)
    assert.match(readFileSync(file).toString('latin1'), /^SQLite format 3/)
  })

  test('of a PostgreSQL is left to its own tools, and no password is told', async () => {
    const config = JSON.parse(readFileSync(server.site.configFile, 'utf8'))
    const store = { postgres: 'postgres://signet:hush@db.example/signet?sslmode=verify-full' }
    const file = join(server.site.folder, 'postgres.json')
    writeFileSync(file, JSON.stringify({ ...config, store }))
    const told = await signet(['backup', "it's.dump", '--config', file])
    assert.equal(told.code, 2)
    assert.match(told.stderr, /pg_dump --format=custom --schema=signet --file='it'\\''s\.dump'/)
    assert.match(
      told.stderr,
      /--dbname='postgres:\/\/signet@db\.example\/signet\?sslmode=verify-full'/,
    )
    assert.doesNotMatch(told.stderr, /hush/)
  })
})
