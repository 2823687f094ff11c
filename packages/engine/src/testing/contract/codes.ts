import assert from 'node:assert/strict'
import { sampleCode, sampleDigest } from '../sample-rows.ts'
import { race, type ContractTest } from './harness.ts'

/** What an authorization code promises. */
export function codesContract(test: ContractTest): void {
  test('SP-AZ-09 one of twenty redemptions of a code wins', async ({ store }) => {
    const code = sampleCode()
    await store.codes.put(code)
    assert.equal(await race(() => store.codes.redeem(code.digest), true), 1)
    assert.equal(await store.codes.redeem(code.digest), false)
  })

  test('SP-AZ-09 a redeemed code is remembered, so that its reuse is noticed', async (scene) => {
    const { clock, store } = scene
    const code = sampleCode()
    await store.codes.put(code)
    await store.codes.redeem(code.digest)
    assert.deepEqual(await store.codes.peek(code.digest), code)
    clock.set(code.keptUntil - 1)
    await scene.opened.sweep?.(100)
    assert.deepEqual(await store.codes.peek(code.digest), code)
    assert.equal(await store.codes.redeem(code.digest), false)
  })

  test('SP-AZ-09 a redeemed code cannot be made new by putting it again', async ({ store }) => {
    const code = sampleCode()
    await store.codes.put(code)
    await store.codes.redeem(code.digest)
    await store.codes.put(code)
    assert.equal(await store.codes.redeem(code.digest), false)
  })

  test('a code nobody issued can be neither seen nor redeemed', async ({ store }) => {
    await store.codes.put(sampleCode())
    assert.equal(await store.codes.peek(sampleDigest('guessed')), undefined)
    assert.equal(await store.codes.redeem(sampleDigest('guessed')), false)
  })

  test('a code is shown as it was put, redeemed or not, expired or not', async ({
    clock,
    store,
  }) => {
    const code = sampleCode()
    const { dpopJkt: _, nonce: __, ...plain } = sampleCode({ digest: sampleDigest('plain') })
    await store.codes.put(code)
    await store.codes.put(plain)
    clock.set(code.expiresAt + 1)
    assert.deepEqual(await store.codes.peek(code.digest), code)
    assert.deepEqual(await store.codes.peek(plain.digest), plain)
  })
}
