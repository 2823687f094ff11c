import { sampleGrant, sampleUser, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '@signet/engine'
import type { WholeStores } from '../whole.ts'

/** Stores of one place, twice: as two processes would have them. */
export interface Twice {
  readonly one: WholeStores & { store(issuer: string): Store }
  readonly other: { store(issuer: string): Store }
  close(): void | Promise<void>
}

const ISSUERS = ['https://as.example', 'https://as.example/other']
const LISTED = { after: '', limit: 10 }
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What a store promises to whoever carries everything elsewhere. */
export function wholeContract(name: string, open: () => Promise<Twice>): void {
  const scene = (title: string, play: (twice: Twice) => Promise<void>): void =>
    void test(`${name}: ${title}`, async () => {
      const twice = await open()
      try {
        await play(twice)
      } finally {
        await twice.close()
      }
    })

  scene('a transaction is kept as a whole, of several services', async ({ one, other }) => {
    const result = await one.transaction(ISSUERS, async (stores) => {
      for (const store of stores) {
        await store.grants.put(sampleGrant())
        await pause()
        await store.users.put(sampleUser())
        assert.equal((await store.grants.list(LISTED)).length, 1)
        assert.equal((await other.store(ISSUERS[0] ?? '').grants.list(LISTED)).length, 0)
      }
      return 'done'
    })
    assert.equal(result, 'done')
    for (const issuer of ISSUERS) {
      assert.deepEqual(await other.store(issuer).grants.list(LISTED), [sampleGrant()])
      assert.deepEqual(await other.store(issuer).users.list(), [sampleUser()])
    }
  })

  scene('of a transaction that fails nothing is kept, and work goes on', async ({ one, other }) => {
    const failing = one.transaction(ISSUERS, async (stores) => {
      for (const store of stores) await store.grants.put(sampleGrant())
      await pause()
      throw new RangeError('no')
    })
    await assert.rejects(failing, RangeError)
    const [issuer = ''] = ISSUERS
    assert.deepEqual(await other.store(issuer).grants.list(LISTED), [])
    const store = one.store(issuer)
    await store.grants.put(sampleGrant())
    await store.settled()
    assert.deepEqual(await other.store(issuer).grants.list(LISTED), [sampleGrant()])
  })

  scene('a username that is taken ends a transaction', async ({ one, other }) => {
    const [issuer = ''] = ISSUERS
    const store = other.store(issuer)
    await store.users.put(sampleUser())
    await store.settled()
    const failing = one.transaction([issuer], async ([mine]) => {
      await mine?.grants.put(sampleGrant())
      await mine?.users.put(sampleUser({ subject: 'another' }))
    })
    await assert.rejects(failing, { name: 'UsernameTaken' })
    assert.deepEqual(await store.grants.list(LISTED), [])
  })

  scene('who goes on after a failure is not told that what was lost was kept', async (twice) => {
    const { one, other } = twice
    const [issuer = ''] = ISSUERS
    await one.transaction([issuer], async ([mine]) => mine?.users.put(sampleUser()))
    const hiding = one.transaction([issuer], async ([mine]) => {
      await mine?.grants.put(sampleGrant())
      await mine?.users.put(sampleUser({ subject: 'another' })).catch(() => undefined)
    })
    const kept = await hiding.then(
      () => [sampleGrant()],
      () => [],
    )
    assert.deepEqual(await other.store(issuer).grants.list(LISTED), kept)
  })

  scene('many may be asked at once, without a word of warning', async ({ one }) => {
    const warned: Error[] = []
    const note = (warning: Error): number => warned.push(warning)
    process.on('warning', note)
    const asked = await one.snapshot(ISSUERS, (stores) =>
      Promise.all([...stores, ...stores].map(({ users }) => users.list())),
    )
    await pause()
    process.off('warning', note)
    assert.deepEqual(asked, [[], [], [], []])
    assert.deepEqual(warned, [])
  })

  scene('a snapshot is of one moment, and others go on', async ({ one, other }) => {
    const [issuer = ''] = ISSUERS
    const store = other.store(issuer)
    await store.grants.put(sampleGrant())
    await store.settled()
    const seen = await one.snapshot([issuer], async ([mine]) => {
      const before = await mine?.grants.list(LISTED)
      await store.grants.put(sampleGrant({ id: 'meanwhile' }))
      await store.revocations.add('meanwhile', SAMPLE_NOW + 60)
      await store.settled()
      return {
        before,
        grants: await mine?.grants.list(LISTED),
        revoked: await mine?.revocations.list(LISTED),
      }
    })
    assert.deepEqual(seen, { before: [sampleGrant()], grants: [sampleGrant()], revoked: [] })
    assert.equal((await one.store(issuer).grants.list(LISTED)).length, 2)
    await assert.rejects(
      one.snapshot([issuer], async () => Promise.reject(new RangeError('no'))),
      RangeError,
    )
    await one.store(issuer).grants.put(sampleGrant({ id: 'after' }))
    await one.store(issuer).settled()
  })
}
