import { checkChain, type AuditLink, type AuditStream, type Store } from '@signet/engine'
import { sampleAuditEvent } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'

/** A store whose database somebody else has in hand, too. */
export interface TamperedStore {
  readonly store: Store
  /** Does what the store would not do. The tables are named without a schema. */
  readonly execute: (sql: string) => void | Promise<unknown>
  readonly close: () => void | Promise<void>
}

interface Scene extends TamperedStore {
  /** What a check of a stream says. */
  readonly breaks: (stream?: AuditStream) => Promise<readonly string[]>
}

const RECORDS = 10

const CHANGED_4 = /^record 4 was changed, exchanged or put in, or record 3 was$/

/** The fourth of the trusted records. */
const FOURTH = "stream = 'trusted' AND sequence = 4"

/** Registers the tests with somebody who writes past the store, on every store whose tables hold the audit. */
export function tamperingContract(name: string, open: () => Promise<TamperedStore>): void {
  const scene = (title: string, play: (scene: Scene) => Promise<void>): void =>
    void test(title, async () => {
      const opened = await open()
      try {
        await fill(opened.store)
        const breaks = breaksOf(opened.store)
        assert.deepEqual([...(await breaks()), ...(await breaks('strangers'))], [])
        await play({ ...opened, breaks })
      } finally {
        await opened.close()
      }
    })
  describe(`${name} in other hands`, () => {
    changedRecords(scene)
    movedRecords(scene)
    removedRecords(scene)
    removedEnds(scene)
  })
}

type SceneTest = (title: string, play: (scene: Scene) => Promise<void>) => void

async function fill(store: Store): Promise<void> {
  for (let index = 1; index <= RECORDS; index += 1) {
    await store.audit.record(
      sampleAuditEvent({ id: `trusted ${index}`, clientId: `client ${index}` }),
    )
    await store.audit.record(sampleAuditEvent({ id: `anybody ${index}`, unauthenticated: true }))
  }
  await store.settled()
}

function breaksOf({ audit }: Store, noted: readonly AuditLink[] = []): Scene['breaks'] {
  return async (stream = 'trusted') =>
    (await checkChain(audit, stream, noted)).breaks.map(({ what }) => what)
}

function changedRecords(scene: SceneTest): void {
  scene('an event that was changed is found', async ({ execute, breaks }) => {
    await execute(
      `UPDATE audit_records SET data = replace(data, 'client 4', 'client X') WHERE ${FOURTH}`,
    )
    const [found, ...others] = await breaks()
    assert.match(found ?? '', CHANGED_4)
    assert.deepEqual(others, [])
    assert.deepEqual(await breaks('strangers'), [])
  })

  scene('an event that is none any more is found', async ({ execute, breaks }) => {
    for (const data of ['', 'null', '{"id":']) {
      await execute(`UPDATE audit_records SET data = '${data}' WHERE ${FOURTH}`)
      assert.match((await breaks())[0] ?? '', CHANGED_4)
    }
  })

  scene('a changed event whose hash was made anew is found at the next', async (given) => {
    const { execute, breaks, store } = given
    const [third, fourth] = await store.audit.read({ stream: 'trusted', after: 2, limit: 2 })
    assert.ok(third && fourth)
    const text = fourth.text.replace('client 4', 'client X')
    const line = `{"event":${text},"previous":"${third.hash}","sequence":4,"stream":"trusted"}`
    const hash = createHash('sha256').update(line).digest('base64url')
    await execute(`UPDATE audit_records SET data = '${text}', hash = '${hash}' WHERE ${FOURTH}`)
    assert.deepEqual(await breaks(), ['record 5 was changed, exchanged or put in, or record 4 was'])
  })

  scene('the last event, changed with its hash made anew, is found by the head', async (given) => {
    const { execute, breaks } = given
    await execute(
      `UPDATE audit_records SET hash = 'x' WHERE stream = 'trusted' AND sequence = ${RECORDS}`,
    )
    const found = await breaks()
    assert.match(found[0] ?? '', /^record 10 was changed/)
    assert.equal(found[1], 'record 10 is not the head of the stream')
  })
}

function movedRecords(scene: SceneTest): void {
  scene('two records that changed places are found', async ({ execute, breaks }) => {
    await execute(`UPDATE audit_records SET sequence = 99 WHERE ${FOURTH}`)
    await execute("UPDATE audit_records SET sequence = 4 WHERE stream = 'trusted' AND sequence = 5")
    await execute(
      "UPDATE audit_records SET sequence = 5 WHERE stream = 'trusted' AND sequence = 99",
    )
    assert.match((await breaks())[0] ?? '', CHANGED_4)
  })

  scene('a record that was put in is found, in the middle', async ({ execute, breaks }) => {
    const others = "stream = 'trusted' AND sequence > 3"
    await execute(`UPDATE audit_records SET sequence = sequence + 1000 WHERE ${others}`)
    await execute(`UPDATE audit_records SET sequence = sequence - 999 WHERE ${others}`)
    await execute(`UPDATE audit_chains SET sequence = sequence + 1 WHERE stream = 'trusted'`)
    await execute(copy("'trusted', 4", "stream = 'trusted' AND sequence = 3"))
    assert.match((await breaks())[0] ?? '', CHANGED_4)
  })

  scene('a record that was put in is found, at the end and at the beginning', async (given) => {
    const { execute, breaks } = given
    await execute(copy("'trusted', 11", FOURTH))
    assert.deepEqual((await breaks()).at(-1), 'record 11 stands after the head')
    await execute("UPDATE audit_records SET sequence = 0 WHERE key = 'forged'")
    assert.deepEqual(await breaks(), ['record 0 stands before the first that is kept'])
  })

  scene('a record that was moved to the other stream is found in both', async (given) => {
    const { execute, breaks } = given
    await execute("DELETE FROM audit_records WHERE stream = 'strangers' AND sequence = 4")
    await execute(`UPDATE audit_records SET stream = 'strangers' WHERE ${FOURTH}`)
    assert.deepEqual(await breaks(), ['record 4 is missing'])
    assert.match((await breaks('strangers'))[0] ?? '', CHANGED_4)
  })
}

function removedRecords(scene: SceneTest): void {
  scene('records that were removed are found, each gap', async ({ execute, breaks }) => {
    await execute("DELETE FROM audit_records WHERE stream = 'trusted' AND sequence IN (3, 4, 5, 8)")
    assert.deepEqual(await breaks(), ['records 3 to 5 are missing', 'record 8 is missing'])
  })

  scene('a chain of which everything was removed is found', async ({ execute, breaks }) => {
    await execute('DELETE FROM audit_records')
    assert.deepEqual(await breaks(), ['records 1 to 10 are missing'])
    assert.deepEqual(await breaks('strangers'), ['records 1 to 10 are missing'])
  })

  scene('a head that was removed is found', async ({ execute, breaks }) => {
    await execute('DELETE FROM audit_chains')
    assert.deepEqual(await breaks(), ['records 1 to 10 stand after the head'])
  })

  scene('a chain goes on after a gap, and the gap is still found', async (given) => {
    const { execute, breaks, store } = given
    await execute(`DELETE FROM audit_records WHERE ${FOURTH}`)
    await store.audit.record(sampleAuditEvent({ id: 'afterwards' }))
    await store.settled()
    assert.deepEqual(await breaks(), ['record 4 is missing'])
  })
}

function removedEnds(scene: SceneTest): void {
  scene('a beginning that was removed is found', async ({ execute, breaks }) => {
    await execute("DELETE FROM audit_records WHERE stream = 'trusted' AND sequence <= 2")
    assert.deepEqual(await breaks(), ['records 1 to 2 are missing'])
  })

  scene('an end that was removed is found', async ({ execute, breaks }) => {
    await execute("DELETE FROM audit_records WHERE stream = 'trusted' AND sequence > 7")
    assert.deepEqual(await breaks(), ['records 8 to 10 are missing'])
  })

  scene(
    'an end that was removed together with the head is found by who noted it',
    async (given) => {
      const { execute, breaks, store } = given
      const { head } = await store.audit.chain('trusted')
      const seventh = "(SELECT hash FROM audit_records WHERE stream = 'trusted' AND sequence = 7)"
      await execute(
        `UPDATE audit_chains SET sequence = 7, hash = ${seventh} WHERE stream = 'trusted'`,
      )
      await execute("DELETE FROM audit_records WHERE stream = 'trusted' AND sequence > 7")
      assert.deepEqual(await breaks(), [])
      const noted = breaksOf(store, [head])
      assert.deepEqual(await noted(), ['the chain ends at record 7; record 10 was noted'])
      for (const id of ['a', 'b', 'c', 'd']) await store.audit.record(sampleAuditEvent({ id }))
      await store.settled()
      assert.deepEqual(await breaks(), [])
      assert.deepEqual(await noted(), ['record 10 is not the one that was noted'])
    },
  )

  scene(
    'a beginning that was removed as if in its time is found by who noted it',
    async (given) => {
      const { execute, breaks, store } = given
      const [third] = await store.audit.read({ stream: 'trusted', after: 2, limit: 1 })
      const [last] = await store.audit.read({ stream: 'trusted', after: 6, limit: 1 })
      assert.ok(third && last)
      await execute(
        `UPDATE audit_chains SET removed = 7, removed_hash = '${last.hash}' WHERE stream = 'trusted'`,
      )
      await execute("DELETE FROM audit_records WHERE stream = 'trusted' AND sequence <= 7")
      assert.deepEqual(await breaks(), [])
      const noted = breaksOf(store, [third])
      assert.deepEqual(await noted(), ['record 3 was noted, and is not kept any more'])
    },
  )
}

/** A record like another one, under a name of its own. */
function copy(place: string, of: string): string {
  return `
    INSERT INTO audit_records (service, stream, sequence, key, at, hash, data)
    SELECT service, ${place}, 'forged', at, hash, data FROM audit_records WHERE ${of}`
}
