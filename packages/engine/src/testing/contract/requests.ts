import assert from 'node:assert/strict'
import { sampleDigest, sampleInteraction, samplePushedRequest } from '../sample-rows.ts'
import { race, type ContractTest } from './harness.ts'

/** What a pushed request and an interaction promise. */
export function requestsContract(test: ContractTest): void {
  test('PAR: one of twenty claims of a request_uri wins, and nobody finds it afterwards', async ({
    store,
  }) => {
    const request = samplePushedRequest()
    await store.pushedRequests.put(request)
    assert.equal(await race(() => store.pushedRequests.claim(request.digest), true), 1)
    assert.equal(await store.pushedRequests.claim(request.digest), false)
    assert.equal(await store.pushedRequests.peek(request.digest), undefined)
  })

  test('a request_uri nobody pushed can be neither seen nor claimed', async ({ store }) => {
    assert.equal(await store.pushedRequests.peek(sampleDigest('made up')), undefined)
    assert.equal(await store.pushedRequests.claim(sampleDigest('made up')), false)
  })

  test('SP-AZ-15 a pushed request may be looked at any number of times before it is claimed', async ({
    store,
  }) => {
    const request = samplePushedRequest()
    await store.pushedRequests.put(request)
    assert.deepEqual(await store.pushedRequests.peek(request.digest), request)
    assert.deepEqual(await store.pushedRequests.peek(request.digest), request)
    assert.equal(await store.pushedRequests.claim(request.digest), true)
  })

  test('an expired pushed request is still shown, so that whoever asks can say that it expired', async (scene) => {
    const { clock, store } = scene
    const request = samplePushedRequest()
    await store.pushedRequests.put(request)
    clock.set(request.expiresAt + 1)
    await scene.opened.sweep?.(100)
    assert.deepEqual(await store.pushedRequests.peek(request.digest), request)
  })

  test('a pushed request replaces another of the same digest', async ({ store }) => {
    await store.pushedRequests.put(samplePushedRequest())
    const later = samplePushedRequest({ clientId: 'other', keptUntil: 1_900_000_000 })
    await store.pushedRequests.put(later)
    assert.deepEqual(await store.pushedRequests.peek(later.digest), later)
  })

  test('an interaction is found until it is deleted', async ({ store }) => {
    const interaction = sampleInteraction()
    await store.interactions.put(interaction)
    assert.deepEqual(await store.interactions.get(interaction.digest), interaction)
    await store.interactions.delete(interaction.digest)
    assert.equal(await store.interactions.get(interaction.digest), undefined)
    await store.interactions.delete(interaction.digest)
  })

  test('an expired interaction is still shown, so that whoever asks can say that it expired', async (scene) => {
    const { clock, store } = scene
    const interaction = sampleInteraction()
    await store.interactions.put(interaction)
    clock.set(interaction.expiresAt)
    assert.deepEqual(await store.interactions.get(interaction.digest), interaction)
  })

  test('an interaction replaces another of the same digest, its end too', async ({
    clock,
    store,
    opened,
  }) => {
    await store.interactions.put(sampleInteraction())
    const later = sampleInteraction({ expiresAt: sampleInteraction().expiresAt + 60 })
    await store.interactions.put(later)
    clock.set(later.expiresAt - 1)
    await opened.sweep?.(100)
    assert.deepEqual(await store.interactions.get(later.digest), later)
  })
}
