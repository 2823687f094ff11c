import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { headerOf } from './testing/claims.ts'
import { signet } from './testing/cli.ts'
import { freePorts } from './testing/free-ports.ts'
import { ask, json, member } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, serveOn, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { onPostgres, type Storage } from './testing/storage.ts'

const app = new Peer({ clientId: 'app', key: generateSigningKey('ES256') })

/** Seconds: longer than a process takes to look. */
const ANNOUNCE = 13
/** As docs/operations.md says. */
const KNOWN_AFTER = 10
/** Of a machine that does other things too. */
const LATE = 2

describe('keys that are replaced by command, while two processes serve an issuer', () => {
  let storage: Storage
  let first: ServerProcess
  let second: ServerProcess
  let client: Peer
  let ports: readonly [number, number]
  before(async () => {
    storage = await onPostgres()
    const configure = serviceFor([app.metadata()], {
      dpop: { nonce: 'required' },
      keys: { announce: ANNOUNCE },
      store: storage.store,
    })
    first = await serve(configure, storage.options)
    const [port = 0, managementPort = 0] = await freePorts(2)
    second = await serveOn(first.site, first.site.alsoAt({ port, managementPort }))
    client = app.at(first.site.origin)
    ports = [first.site.port, port]
  })
  after(async () => {
    await second.stop()
    await first.stop()
    first.site.remove()
    await storage.stop()
  })

  const publishedAt = async (port: number): Promise<readonly unknown[]> => {
    const { keys } = json(await ask(`${first.site.origin}/jwks`, { port }))
    assert.ok(Array.isArray(keys))
    return keys.map(({ kid }) => kid)
  }

  /** A token of one process, with a nonce of the other, believed by the other. @returns by which key */
  const issue = async (at: number, elsewhere: number): Promise<unknown> => {
    const answer = await client.credentials({ port: at })
    assert.equal(answer.status, 200, answer.body)
    const token = member(answer, 'access_token')
    const { kid } = headerOf(token)
    assert.ok((await publishedAt(elsewhere)).includes(kid), 'not published by the other process')
    const introspected = await client.introspect(token, { port: elsewhere })
    assert.equal(json(introspected)['active'], true, introspected.body)
    return kid
  }

  test('are followed by both without a restart, in the stated time, and no request fails meanwhile', async () => {
    const [here, there] = ports
    await client.credentials({ port: here })
    const old = await issue(here, there)
    assert.equal(await issue(there, here), old)

    const ran = await signet(['keys', 'rotate', '--now', '--config', first.site.configFile])
    assert.equal(ran.code, 0, ran.stderr)
    const [, fresh] = /^(\S+) +sig +ES256 +announced /m.exec(ran.stdout) ?? []
    const made = performance.now()
    const elapsed = (): number => (performance.now() - made) / 1_000
    let nonces = new Set([client.nonce])
    let known = 0
    let begun = 0
    let rounds = 0
    while (begun === 0 || elapsed() < begun + 3) {
      const kids = [await issue(here, there), await issue(there, here)]
      nonces = nonces.add(client.nonce)
      const published = await Promise.all(ports.map(publishedAt))
      if (known === 0 && published.every((keys) => keys.includes(fresh))) known = elapsed()
      if (begun === 0 && kids.every((kid) => kid === fresh)) begun = elapsed()
      assert.ok(elapsed() < ANNOUNCE + LATE + 3, `known ${known}, begun ${begun}`)
      rounds += 1
      await pause(100)
    }
    assert.ok(known > 0 && known < KNOWN_AFTER + LATE, `known after ${known}`)
    assert.ok(begun > ANNOUNCE - LATE && begun < ANNOUNCE + LATE, `begun after ${begun}`)
    assert.ok(nonces.size > 1, 'the nonces are still by the old key')
    assert.ok(rounds > 20)
    assert.ok((await publishedAt(there)).includes(old), 'the old one stays')
  })
})
