import { loadConfig, startServer } from '@signet/server'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signet } from '../testing/cli.ts'
import { json, member } from '../testing/https.ts'
import { codeOf, granted, Peer } from '../testing/peer.ts'
import { createSite, serviceFor } from '../testing/site.ts'
import { openStore, STORES } from './deployment.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

for (const name of STORES) {
  test(`a clock that steps back ten minutes, and on again, revives nothing and ends nothing: ${name}`, async (t) => {
    const opened = await openStore(name)
    t.after(() => opened.stop())
    const { settings: store } = opened
    const site = await createSite(serviceFor([app.metadata()], store && { store }))
    t.after(() => site.remove())
    const migrated = await signet(['migrate', '--apply', '--config', site.configFile])
    assert.equal(migrated.code, 0, migrated.stderr)
    let offset = 0
    const milliseconds = (): number => Date.now() + offset * 1_000
    const now = (): number => Math.floor(milliseconds() / 1_000)
    const server = await startServer(loadConfig(site.configFile, {}), {
      clock: { now, milliseconds },
      log: { write: () => undefined },
    })
    t.after(() => server.close())
    const client = app.at(site.origin)
    const timely = (): object => ({
      assertion: { claims: { iat: now(), exp: now() + 60 } },
      proof: { claims: { iat: now() } },
    })
    const introspected = async (token: string): Promise<unknown> =>
      json(await client.introspect(token, { ...timely(), proof: null }))['active']
    const code = codeOf(await client.authorize())
    const { accessToken: lost } = granted(await client.exchange(code))
    const kept = await client.logIn()
    const revoked = await client.logIn()
    assert.equal((await client.revoke(revoked.refreshToken ?? '')).status, 200)
    const assertion = client.assertion()
    assert.equal((await client.push({ assertion })).status, 201)

    for (const step of [-600, 0]) {
      offset = step
      client.nonce = undefined
      const pushed = await client.push(timely())
      assert.equal(pushed.status, 201, pushed.body)
      assert.equal(await introspected(kept.refreshToken ?? ''), true)
      const refreshed = await client.refresh(kept.refreshToken ?? '', timely())
      assert.equal(await introspected(granted(refreshed).accessToken), true)
      assert.equal(await introspected(revoked.refreshToken ?? ''), false)
      assert.equal(await introspected(revoked.accessToken), false)
      const again = await client.push({ ...timely(), assertion })
      assert.equal(member(again, 'error'), 'invalid_client')
      assert.equal(member(await client.exchange(code, timely()), 'error'), 'invalid_grant')
      assert.equal(await introspected(lost), false)
    }
  })
}
