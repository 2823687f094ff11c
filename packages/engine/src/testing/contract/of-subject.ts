import assert from 'node:assert/strict'
import { sampleCode, sampleGrant, sampleSession } from '../sample-rows.ts'
import type { ContractTest } from './harness.ts'

/** That everything of one user is found, for whoever shuts the user out. */
export function ofSubjectContract(test: ContractTest): void {
  test('the sessions of a user are found, all that go on and no others', async (scene) => {
    const { clock, store, other } = scene
    const { subject } = sampleSession()
    const first = sampleSession({ digest: 'first' })
    const second = sampleSession({ digest: 'second' })
    await store.sessions.put(first)
    await store.sessions.put(second)
    await store.sessions.put(sampleSession({ digest: 'ended', expiresAt: clock.now() }))
    await store.sessions.put(sampleSession({ digest: 'another', subject: `${subject}2` }))
    await other.sessions.put(sampleSession({ digest: 'of another service' }))
    const found = await store.sessions.ofSubject(subject)
    assert.deepEqual(found.toSorted(by('digest')), [first, second])
    assert.deepEqual(await store.sessions.ofSubject('%'), [])
  })

  test('the grants and codes of a user are found, and no others', async ({ store, other }) => {
    const grant = sampleGrant()
    const code = sampleCode()
    const { subject } = grant.authorization
    assert.equal(code.authorization.subject, subject)
    const another = { ...grant.authorization, subject: 'another' }
    await store.grants.put(grant)
    await store.grants.put(sampleGrant({ id: 'another', authorization: another }))
    await other.grants.put(sampleGrant({ id: 'of another service' }))
    await store.codes.put(code)
    await store.codes.redeem(code.digest)
    await store.codes.put(sampleCode({ digest: 'another', authorization: another }))
    assert.deepEqual(await store.grants.ofSubject(subject), [grant])
    assert.deepEqual(await store.codes.ofSubject(subject), [code])
    assert.deepEqual(await store.grants.ofSubject('nobody'), [])
    assert.deepEqual(await store.codes.ofSubject('nobody'), [])
  })
}

function by<Name extends string>(
  name: Name,
): (one: Record<Name, string>, other: Record<Name, string>) => number {
  return (one, other) => (one[name] < other[name] ? -1 : 1)
}
