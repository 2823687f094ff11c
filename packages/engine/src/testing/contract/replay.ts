import assert from 'node:assert/strict'
import type { Mark } from '../../store/ephemeral.ts'
import { sampleDigest, SAMPLE_NOW } from '../sample-rows.ts'
import { race, type ContractTest } from './harness.ts'

function mark(jti: string, until: number = SAMPLE_NOW + 60): Mark {
  return { digest: sampleDigest(jti), until }
}

/** What the memory of used statements promises. */
export function replayContract(test: ContractTest): void {
  test('PKJ-06 DPOP-PRF-15 one of twenty uses of a jti is the first', async ({ store }) => {
    assert.equal(await race(() => store.replay.first([mark('one')]), undefined), 1)
  })

  test('PKJ-06 DPOP-PRF-15 a statement that was used is named', async ({ store }) => {
    assert.equal(await store.replay.first([mark('one')]), undefined)
    assert.deepEqual(await store.replay.first([mark('one')]), mark('one'))
    assert.deepEqual(await store.replay.first([mark('two'), mark('one')]), mark('one'))
  })

  test('PKJ-06 DPOP-PRF-15 a used jti in another statement is refused, whenever that would end', async ({
    store,
  }) => {
    await store.replay.first([mark('one')])
    const shorter = mark('one', SAMPLE_NOW + 1)
    const longer = mark('one', SAMPLE_NOW + 3600)
    assert.deepEqual(await store.replay.first([shorter]), shorter)
    assert.deepEqual(await store.replay.first([longer]), longer)
  })

  test('marks all statements of a request or none, whichever of them was used', async ({
    store,
  }) => {
    await store.replay.first([mark('used')])
    await store.replay.first([mark('new'), mark('used')])
    await store.replay.first([mark('used'), mark('newer')])
    assert.equal(await store.replay.first([mark('new'), mark('newer')]), undefined)
  })

  test('refuses a request that uses one statement twice, and marks nothing', async ({ store }) => {
    const twice = [mark('other'), mark('same'), mark('same')]
    assert.deepEqual(await store.replay.first(twice), mark('same'))
    assert.equal(await store.replay.first([mark('other'), mark('same')]), undefined)
  })

  test('one of twenty requests wins that share one of their two statements', async ({ store }) => {
    let count = 0
    const request = (): Promise<Mark | undefined> =>
      store.replay.first([mark(`own ${(count += 1)}`), mark('shared')])
    assert.equal(await race(request, undefined), 1)
  })

  test('remembers a statement through its last second, and not for ever', async (scene) => {
    const { clock, store } = scene
    const last = SAMPLE_NOW + 60
    await store.replay.first([mark('one', last)])
    clock.set(last)
    await scene.opened.sweep?.(100)
    assert.deepEqual(await store.replay.first([mark('one', last)]), mark('one', last))
    clock.set(last + 1)
    assert.equal(await store.replay.first([mark('one', last + 60)]), undefined)
    assert.deepEqual(await store.replay.first([mark('one')]), mark('one'))
  })

  test('remembers what still counts when much else has ended', async (scene) => {
    const { clock, store } = scene
    await store.replay.first([mark('lasting', SAMPLE_NOW + 3600)])
    for (let count = 0; count < 300; count += 1) {
      await store.replay.first([mark(`short ${count}`)])
      await store.settled()
    }
    clock.set(SAMPLE_NOW + 600)
    for (let count = 0; count < 10; count += 1) await scene.opened.sweep?.(50)
    const lasting = mark('lasting', SAMPLE_NOW + 3600)
    assert.deepEqual(await store.replay.first([lasting]), lasting)
    assert.equal(await store.replay.first([mark('short 1', SAMPLE_NOW + 660)]), undefined)
  })

  test('nothing to mark is nothing seen before', async ({ store }) => {
    assert.equal(await store.replay.first([]), undefined)
  })
}
