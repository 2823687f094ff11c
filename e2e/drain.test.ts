import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Load, UNREACHED } from './testing/load.ts'
import { Peer } from './testing/peer.ts'
import { serve } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })
const KEPT = 6
const NEW = 3

/** One process, and one that leaves the requests to two others. */
const SERVERS: Readonly<Record<string, readonly string[]>> = {
  'a server': [],
  'a server with two workers': ['--workers', '2'],
}

for (const [name, options] of Object.entries(SERVERS)) {
  test(`${name} that is told to end under load answers whatever has reached it`, async (t) => {
    const server = await serve(serviceFor([unplaced.metadata()]), options)
    t.after(() => server.site.remove())
    const client = unplaced.at(server.site.origin)
    const load = new Load()
      .tokens(client, { times: KEPT, keep: true })
      .tokens(client, { times: NEW, keep: false })
    await load.more(100)
    server.terminate()
    assert.equal(await server.stop(), 0)
    await load.stop()
    assert.deepEqual(
      load.failures,
      Array.from({ length: KEPT + NEW }, () => UNREACHED),
    )
    assert.ok(load.ended > 0, 'nobody who kept a connection was told that it ends')
    t.diagnostic(`${load.answered} were answered, and none was lost`)
  })
}
