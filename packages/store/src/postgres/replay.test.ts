import type { Mark, Replay } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from 'pg'
import { withClient } from './connection.ts'
import { openPostgres } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const server = await serverForTests({ fsync: false, settings: { deadlock_timeout: '20ms' } })
const emptyDatabase = await databaseWith(server, 'signet')

/** Requests of three statements each, of few, in every order. */
function requests(count: number, statements: number): readonly (readonly Mark[])[] {
  return Array.from({ length: count }, (_, request) =>
    [request, request * 7 + 3, request * 13 + 5].map((each, place) => ({
      digest: `statement ${place} ${each % statements}`,
      until: 1_900_000_000,
    })),
  ).map((marks, request) => (request % 2 === 0 ? marks : marks.toReversed()))
}

test('PKJ-06 DPOP-PRF-15 of requests that share statements in any order, those who win share none, and those who lose use none up', async () => {
  const url = await emptyDatabase()
  const options = { server: url, clock: fixedClock(), retention: 86_400, connections: 4 }
  const databases = await Promise.all([1, 2].map(() => openPostgres(options)))
  const stores = databases.map((database) => database.store('https://as.example'))
  for (let round = 0; round < 5; round += 1) {
    const asked = requests(60, 17).map((marks) =>
      marks.map((mark) => ({ ...mark, digest: `${round} ${mark.digest}` })),
    )
    const answers = await Promise.all(
      asked.map((marks, index) => (stores[index % 2] ?? assert.fail()).replay.first(marks)),
    )
    const won = asked.filter((_, index) => answers[index] === undefined).flat()
    const used = new Set(won.map(({ digest }) => digest))
    assert.ok(won.length > 0)
    assert.equal(used.size, won.length)
    for (const [index, seen] of answers.entries()) {
      if (seen !== undefined) {
        assert.ok(asked[index]?.includes(seen))
        assert.ok(used.has(seen.digest), `${seen.digest} was used by nobody`)
      }
    }
    const { replay } = stores[0] ?? assert.fail()
    for (const mark of new Map(asked.flat().map((each) => [each.digest, each])).values()) {
      assert.equal((await replay.first([mark])) === undefined, !used.has(mark.digest), mark.digest)
    }
  }
  for (const database of databases) await database.close()
})

interface Held {
  readonly replay: Replay
  /** The same, in another process. */
  readonly other: Replay
  /** Has marked `shared` in a transaction that is still open. */
  readonly holder: Client
  /** Resolves when so many wait for a lock. */
  readonly waiting: (count: number) => Promise<void>
}

/** Lets others mark while somebody is just about to have marked `shared`. */
async function whileHeld(play: (held: Held) => Promise<void>): Promise<void> {
  const url = await emptyDatabase()
  const options = { server: url, clock: fixedClock(), retention: 86_400, connections: 1 }
  const databases = await Promise.all([1, 2].map(() => openPostgres(options)))
  const replays = databases.map((database) => database.store('https://as.example').replay)
  const [replay = assert.fail(), other = assert.fail()] = replays
  for (const each of replays) await each.first([statement('before')])
  const locks = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
  await withClient({ server: url }, async (holder) => {
    await holder.query('BEGIN')
    await holder.query(
      "INSERT INTO signet.replay_marks SELECT id, 'shared', 1900000000 FROM signet.services",
    )
    await play({
      replay,
      other,
      holder,
      waiting: async (count) => {
        while ((await server.execute(url, locks)).length < count);
      },
    })
  })
  for (const database of databases) await database.close()
}

function statement(digest: string): Mark {
  return { digest, until: 1_900_000_000 }
}

test('PKJ-06 DPOP-PRF-15 who comes second to one statement of several has used none of the others', async () => {
  await whileHeld(async ({ replay, holder, waiting }) => {
    const second = replay.first([statement('own'), statement('shared'), statement('zero')])
    await waiting(1)
    await holder.query('COMMIT')
    assert.deepEqual(await second, statement('shared'))
    assert.equal(await replay.first([statement('own'), statement('zero')]), undefined)
  })
})

test('PKJ-06 DPOP-PRF-15 who comes second to somebody who gave up is the first', async () => {
  await whileHeld(async ({ replay, holder, waiting }) => {
    const second = replay.first([statement('own'), statement('shared')])
    await waiting(1)
    await holder.query('ROLLBACK')
    assert.equal(await second, undefined)
    assert.deepEqual(await replay.first([statement('own')]), statement('own'))
  })
})

test('PKJ-06 DPOP-PRF-15 of two who use the same statements in another order neither waits for the other for ever', async () => {
  for (let round = 0; round < 8; round += 1) {
    await whileHeld(async ({ replay, other, holder, waiting }) => {
      const racers = [
        replay.first([statement('another'), statement('shared')]),
        other.first([statement('shared'), statement('another')]),
      ]
      const raced = Promise.all(racers)
      await waiting(2)
      await holder.query('ROLLBACK')
      assert.equal((await raced).filter((seen) => seen === undefined).length, 1)
    })
  }
})
