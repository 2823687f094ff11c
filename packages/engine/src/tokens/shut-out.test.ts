import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createStage,
  fixedClock,
  sampleCode,
  sampleGrant,
  sampleSession,
} from '../testing/index.ts'
import { shutOut } from './shut-out.ts'

test('BCP-16 sessions, grants and codes of a user who is shut out end, and those of no other', async () => {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const { service } = createStage().ports
  const { authorization } = sampleGrant()
  const another = { ...authorization, subject: 'another' }
  const { subject } = authorization
  await store.sessions.put(sampleSession({ digest: 'mine', subject }))
  await store.sessions.put(sampleSession({ digest: 'mine too', subject }))
  await store.sessions.put(sampleSession({ digest: 'theirs', subject: 'another' }))
  await store.statusLists.keep(0, clock.now() + 600)
  await store.grants.put(sampleGrant({ id: 'mine', status: 3 }))
  await store.grants.put(sampleGrant({ id: 'theirs', status: 4, authorization: another }))
  await store.codes.put(sampleCode({ digest: 'mine', grantId: 'to be mine', status: 5 }))
  const theirs = sampleCode({ digest: 'theirs', grantId: 'to be theirs', authorization: another })
  await store.codes.put(theirs)

  await shutOut(subject, { store, service, clock })
  assert.equal(await store.sessions.get('mine'), undefined)
  assert.equal(await store.sessions.get('mine too'), undefined)
  assert.ok(await store.sessions.get('theirs'))
  for (const [id, revoked] of [
    ['mine', true],
    ['to be mine', true],
    ['theirs', false],
    ['to be theirs', false],
  ] as const) {
    assert.equal(await store.revocations.anyOf([id]), revoked, id)
  }
  assert.deepEqual(await store.statusLists.revoked(0), [3, 5])
})

test('BCP-16 a shut out begins and ends with what is durable', async () => {
  const clock = fixedClock()
  const memory = createMemoryStore(clock)
  const calls: string[] = []
  const telling = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, verb) => {
        calls.push(String(verb))
        return Reflect.get(target, verb)
      },
    })
  const { sessions, codes, grants, revocations } = memory
  const store = {
    ...memory,
    sessions: telling(sessions),
    codes: telling(codes),
    grants: telling(grants),
    revocations: telling(revocations),
    settled: async () => void calls.push('settled'),
  }
  const grant = sampleGrant()
  await sessions.put(sampleSession({ subject: grant.authorization.subject }))
  await grants.put(grant)
  const { service } = createStage().ports
  await shutOut(grant.authorization.subject, { store, service, clock })
  const changes = calls.filter((call) => ['settled', 'delete', 'add'].includes(call))
  assert.deepEqual(changes, ['settled', 'delete', 'settled', 'add', 'settled'])
})

test('BCP-16 a grant from the time of longer lifetimes stays ended as long as it would have lived', async () => {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const { service } = createStage().ports
  const expiresAt = clock.now() + service.lifetimes.refreshToken * 10
  const grant = sampleGrant({ id: 'old', expiresAt })
  await store.grants.put(grant)
  await shutOut(grant.authorization.subject, { store, service, clock })
  const [revocation] = await store.revocations.list({ after: '', limit: 10 })
  assert.equal(revocation?.id, 'old')
  // An access token that was issued in its last second, and lived as long as any may.
  assert.ok(revocation.until >= expiresAt + 3_600)
})
