import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { signet, type Ran } from './testing/cli.ts'
import { member } from './testing/https.ts'
import { codeOf, granted, passThrough, Peer, type Granted } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { onPostgresAndRedis, type Storage } from './testing/storage.ts'
import { until } from './testing/workers.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })
const other = new Peer({ clientId: 'other', scope: 'openid accounts offline_access' })
/** Seconds. */
const CODE_LIFETIME = 10

const SQLITE: Storage = { store: { sqlite: './signet.db' }, options: [], stop: async () => {} }

for (const [name, open] of [
  ['SQLite', async () => SQLITE],
  ['PostgreSQL and Redis', onPostgresAndRedis],
] as const) {
  describe(`signet revoke, beside a server on ${name}`, () => {
    let storage: Storage
    let server: ServerProcess
    before(async () => {
      storage = await open()
      server = await serve(
        serviceFor([app.metadata(), other.metadata()], {
          store: storage.store,
          lifetimes: { code: CODE_LIFETIME },
        }),
        storage.options,
      )
    })
    after(async () => {
      await server.stop()
      server.site.remove()
      await storage.stop()
    })

    const revoke = (...args: readonly string[]): Promise<Ran> =>
      signet(['revoke', ...args, '--config', server.site.configFile])
    const at = (peer: Peer): Peer => peer.at(server.site.origin)
    const bob = async (peer: Peer): Promise<Granted> => {
      const back = await passThrough(peer.browser(), peer.link(await peer.push()), 'bob')
      return granted(await peer.exchange(codeOf(back)))
    }
    const works = async (peer: Peer, { refreshToken = '' }: Granted): Promise<boolean> =>
      (await peer.refresh(refreshToken)).status === 200

    test('ends nothing unless it is told what, and that it is meant', async () => {
      const client = at(app)
      const tokens = await client.logIn()
      for (const [args, says] of [
        [[], /--all, --client or --user/],
        [['--all', '--user', 'alice', '--yes'], /cannot be used with/],
        [['--all'], /what everybody has at https:.*: add --yes/],
        [['--user', 'nobody', '--yes'], /There is no user nobody/],
        [['--client', 'nobody', '--yes'], /There is no client nobody/],
      ] as const) {
        const { code, stderr } = await revoke(...args)
        assert.notEqual(code, 0)
        assert.match(stderr, says)
      }
      assert.ok(await works(client, tokens))
    })

    test('BCP-16 ends what a user has, and nothing of another', async () => {
      const client = at(app)
      const alices = await client.logIn()
      const bobs = await bob(client)
      const { code, stdout } = await revoke('--user', 'alice', '--yes')
      assert.equal(code, 0)
      assert.match(stdout, /Ended what user alice had at https:/)
      assert.equal(await works(client, alices), false)
      assert.equal((await client.userinfo(alices.accessToken)).status, 401)
      assert.ok(await works(client, bobs))
    })

    test('BCP-16 ends everything of everybody, codes under way too, and is on record', async () => {
      const client = at(app)
      const another = at(other)
      const browser = client.browser()
      const alices = await client.logIn()
      const bobs = await bob(another)
      const code = codeOf(await passThrough(browser, client.link(await client.push())))
      const running = revoke('--all', '--yes')
      await until(async () => !(await works(client, alices)))
      const late = granted(await client.exchange(code))
      const { code: exit, stdout } = await running
      assert.equal(exit, 0)
      assert.match(stdout, /sessions ended: \d+[^]*grants ended: \d+[^]*grants ended: 1\.\n/)
      assert.equal(await works(another, bobs), false)
      assert.equal(await works(client, late), false)
      assert.equal((await client.userinfo(late.accessToken)).status, 401)
      // The browser is known to nobody: it has to log in again.
      const page = await browser.open(client.link(await client.push()))
      assert.ok(!(page instanceof URL) && page.html.includes('name="password"'))
      assert.ok(await works(client, await client.logIn()))
      const told = await signet(['audit', 'tail', '--config', server.site.configFile])
      assert.match(told.stdout, /administered revoke .*everybody: grants ended: 1"/)
    })

    test('ends what is granted to one client, and leaves sessions and other clients alone', async () => {
      const client = at(app)
      const another = at(other)
      const mine = await client.logIn()
      const theirs = await another.logIn()
      const running = revoke('--client', 'app', '--yes')
      await until(async () => !(await works(client, mine)))
      assert.ok(await works(another, theirs))
      const { stdout } = await running
      assert.doesNotMatch(stdout, /sessions/)
      assert.equal(member(await client.refresh(mine.refreshToken ?? ''), 'error'), 'invalid_grant')
    })
  })
}
