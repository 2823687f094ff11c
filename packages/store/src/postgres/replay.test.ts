import type { Mark } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const emptyDatabase = await databaseWith(await serverForTests({ fsync: false }), 'signet')

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
