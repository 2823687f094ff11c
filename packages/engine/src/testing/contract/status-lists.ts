import assert from 'node:assert/strict'
import { SAMPLE_NOW } from '../sample-rows.ts'
import { ISSUER, type ContractTest } from './harness.ts'

/** What status lists promise. */
export function statusListsContract(test: ContractTest): void {
  test('no position is given to two who take at once', async ({ store }) => {
    const takes = Array.from({ length: 20 }, () => store.statusLists.take(3))
    const firsts = (await Promise.all(takes)).toSorted((one, other) => one - other)
    assert.deepEqual(
      firsts,
      Array.from({ length: 20 }, (_, index) => index * 3),
    )
  })

  test('no position is given again after opening the store again, nor when all lists are gone', async (scene) => {
    const { clock, store, opened } = scene
    await store.statusLists.take(1_024)
    await store.statusLists.keep(0, SAMPLE_NOW + 60)
    clock.set(SAMPLE_NOW + 3_600)
    await opened.sweep?.(100)
    await store.settled()
    const again = (await opened.reopen?.())?.store(ISSUER) ?? store
    assert.equal(await again.statusLists.take(1), 1_024)
  })

  test('services take their positions independently', async ({ store, other }) => {
    assert.equal(await store.statusLists.take(5), 0)
    assert.equal(await other.statusLists.take(5), 0)
    assert.equal(await store.statusLists.take(5), 5)
  })

  test('a list nobody keeps is not published, whatever was revoked in it', async ({ store }) => {
    await store.statusLists.revoke(3, 1, SAMPLE_NOW + 60)
    assert.equal(await store.statusLists.revoked(3), undefined)
    await store.statusLists.keep(3, SAMPLE_NOW + 60)
    assert.deepEqual(await store.statusLists.revoked(3), [1])
  })

  test('a list is published as long as the longest that was said, and gone then, swept or not', async (scene) => {
    const { clock, store, opened } = scene
    await store.statusLists.keep(0, SAMPLE_NOW + 600)
    await store.statusLists.keep(0, SAMPLE_NOW + 60)
    clock.set(SAMPLE_NOW + 599)
    await opened.sweep?.(100)
    assert.deepEqual(await store.statusLists.revoked(0), [])
    clock.set(SAMPLE_NOW + 600)
    assert.equal(await store.statusLists.revoked(0), undefined)
  })

  test('what is revoked in one list is not in another whose number begins alike', async ({
    store,
  }) => {
    for (const list of [1, 10, 11]) await store.statusLists.keep(list, SAMPLE_NOW + 60)
    await store.statusLists.revoke(1, 131_071, SAMPLE_NOW + 60)
    await store.statusLists.revoke(1, 0, SAMPLE_NOW + 60)
    await store.statusLists.revoke(10, 9, SAMPLE_NOW + 60)
    assert.deepEqual(await store.statusLists.revoked(1), [0, 131_071])
    assert.deepEqual(await store.statusLists.revoked(10), [9])
    assert.deepEqual(await store.statusLists.revoked(11), [])
  })

  test('a revocation in a list lasts as long as the longest that was said, and is swept then', async (scene) => {
    const { clock, store, opened } = scene
    await store.statusLists.keep(0, SAMPLE_NOW + 7_200)
    await store.statusLists.revoke(0, 7, SAMPLE_NOW + 600)
    await store.statusLists.revoke(0, 7, SAMPLE_NOW + 60)
    clock.set(SAMPLE_NOW + 599)
    await opened.sweep?.(100)
    assert.deepEqual(await store.statusLists.revoked(0), [7])
    // A store may keep it a while longer, in case that a clock is wrong.
    clock.set(SAMPLE_NOW + 3_600)
    await opened.sweep?.(100)
    assert.deepEqual(await store.statusLists.revoked(0), [])
  })
}
