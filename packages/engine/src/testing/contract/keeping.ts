import assert from 'node:assert/strict'
import type { Store } from '../../store/store.ts'
import * as sample from '../sample-rows.ts'
import { ISSUER, type ContractTest } from './harness.ts'
import { EVERYTHING, fill, show } from './services.ts'

/** Names nobody would choose, and an attacker would. */
const ODD_NAMES: readonly string[] = [
  '',
  ' ',
  "'; DROP TABLE codes; --",
  '"%_*?[',
  'Zażółć gęślą jaźń',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧',
  'e\u0301',
  '\u00e9',
  'before\u0000after',
  'before\u0000',
  '__proto__',
  'constructor',
  '1e3',
  '1000',
  'x'.repeat(100_000),
  `${'x'.repeat(100_000)}y`,
]

/** That values come back as they were, however odd, and for how long. */
export function keepingContract(test: ContractTest): void {
  test('digests that are no digests are names like any other', async ({ store }) => {
    const codes = ODD_NAMES.map((digest) => sample.sampleCode({ digest, grantId: `of ${digest}` }))
    for (const code of codes) await store.codes.put(code)
    for (const code of codes) assert.deepEqual(await store.codes.peek(code.digest), code)
    for (const code of codes) assert.equal(await store.codes.redeem(code.digest), true)
    const marks = ODD_NAMES.map((digest) => ({ digest, until: sample.SAMPLE_NOW + 60 }))
    for (const mark of marks) assert.equal(await store.replay.first([mark]), undefined)
    for (const mark of marks) assert.deepEqual(await store.replay.first([mark]), mark)
  })

  test('names are kept apart to the last character', async ({ store }) => {
    for (const name of ODD_NAMES) {
      await store.users.put(sample.sampleUser({ username: name, subject: `subject ${name}` }))
      await store.clients.put(sample.sampleClientRecord({ clientId: name, metadata: { name } }))
      assert.equal(await store.revocations.anyOf([name]), false)
      await store.revocations.add(name, sample.SAMPLE_NOW + 60)
    }
    for (const name of ODD_NAMES) {
      assert.equal((await store.users.byUsername(name))?.subject, `subject ${name}`)
      assert.deepEqual((await store.clients.get(name))?.metadata, { name })
    }
    assert.equal((await store.users.list()).length, ODD_NAMES.length)
  })

  test('values of 100,000 characters and of every script come back as they were', async ({
    store,
  }) => {
    for (const [index, value] of ODD_NAMES.entries()) {
      const request = sample.samplePushedRequest({ digest: `digest ${index}`, clientId: value })
      const parameters = { ...request.parameters, state: value, resource: [value, value] }
      await store.pushedRequests.put({ ...request, parameters })
      const found = await store.pushedRequests.peek(request.digest)
      assert.deepEqual(found, { ...request, parameters })
    }
  })

  test('settled resolves whether anything was written or not, for as many as ask', async ({
    store,
  }) => {
    await store.settled()
    await fill(store)
    await Promise.all([store.settled(), store.settled(), store.settled()])
    await store.settled()
    assert.deepEqual(await show(store), EVERYTHING)
  })

  test('what has settled is there after opening the store again', async ({ store, opened }) => {
    await fill(store)
    await store.codes.redeem(sample.sampleCode().digest)
    await store.settled()
    const again = (await opened.reopen?.())?.store(ISSUER) ?? store
    assert.deepEqual(await show(again), EVERYTHING)
    assert.equal(await again.codes.redeem(sample.sampleCode().digest), false)
  })
}

/** That sweeping takes what has ended, and nothing else. */
export function sweepingContract(test: ContractTest): void {
  test('sweeping leaves the living', async ({ store, other, opened }) => {
    await fill(store)
    await fill(other)
    for (let count = 0; count < 5; count += 1) await opened.sweep?.(1000)
    assert.deepEqual(await show(store), EVERYTHING)
    assert.deepEqual(await show(other), EVERYTHING)
  })

  test('sweeping takes what has ended, in steps no larger than the budget', async (scene) => {
    const { clock, store, opened } = scene
    if (opened.sweep === undefined) return
    const digests = Array.from({ length: 25 }, (_, index) => sample.sampleDigest(`${index}`))
    for (const digest of digests) await putOneOfEach(store, digest)
    // A store may keep them a while longer, in case that a clock is wrong.
    clock.set(sample.SAMPLE_NOW + 3_600)
    await opened.sweep(10)
    assert.equal(await countLeft(store, digests), 15 * 4)
    await opened.sweep(10)
    await opened.sweep(10)
    assert.equal(await countLeft(store, digests), 0)
  })

  test('a row that was prolonged is not swept at its former end', async ({
    clock,
    store,
    opened,
  }) => {
    const short = sample.sampleSession({ expiresAt: sample.SAMPLE_NOW + 60 })
    const long = sample.sampleSession({ expiresAt: sample.SAMPLE_NOW + 600 })
    await store.sessions.put(short)
    await store.sessions.put(long)
    clock.set(sample.SAMPLE_NOW + 300)
    await opened.sweep?.(100)
    assert.deepEqual(await store.sessions.get(long.digest), long)
  })
}

async function putOneOfEach(store: Store, digest: string): Promise<void> {
  const ends = sample.SAMPLE_NOW + 60
  await store.pushedRequests.put(sample.samplePushedRequest({ digest, keptUntil: ends }))
  await store.codes.put(sample.sampleCode({ digest, keptUntil: ends }))
  await store.grants.put(sample.sampleGrant({ id: digest, expiresAt: ends }))
  await store.opaqueTokens.put(sample.sampleOpaqueToken({ digest, expiresAt: ends }))
}

async function countLeft(store: Store, digests: readonly string[]): Promise<number> {
  let left = 0
  for (const digest of digests) {
    const found = await Promise.all([
      store.pushedRequests.peek(digest),
      store.codes.peek(digest),
      store.grants.get(digest),
      store.opaqueTokens.get(digest),
    ])
    left += found.filter((row) => row !== undefined).length
  }
  return left
}
