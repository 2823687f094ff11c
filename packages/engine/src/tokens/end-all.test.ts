import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createStage,
  fixedClock,
  SAMPLE_NOW,
  sampleGrant,
  sampleSession,
  type FixedClock,
} from '../testing/index.ts'
import type { Ports } from '../ports.ts'
import { endGrants, endSessions } from './end-all.ts'

const { authorization } = sampleGrant()
const LATER = { ...authorization, authTime: SAMPLE_NOW + 1 }

interface Scene {
  readonly ports: Pick<Ports, 'store' | 'service'> & { readonly clock: FixedClock }
  readonly isRevoked: (id: string) => Promise<boolean>
}

function createScene(): Scene {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const { service } = createStage().ports
  return {
    ports: { store, service, clock },
    isRevoked: (id) => store.revocations.anyOf([id]),
  }
}

test('BCP-16 all sessions end, on every page', async () => {
  const { ports } = createScene()
  const { sessions } = ports.store
  for (let time = 0; time < 250; time += 1)
    await sessions.put(sampleSession({ digest: `of ${time}`, subject: `user ${time}` }))
  await sessions.put(sampleSession({ digest: 'ended', expiresAt: SAMPLE_NOW }))
  assert.equal(await endSessions(ports), 250)
  assert.deepEqual(await sessions.list({ after: '', limit: 10 }), [])
})

test('BCP-16 all grants end, in the status lists too, those of a later login only if they are meant', async () => {
  const { ports, isRevoked } = createScene()
  const { grants, statusLists } = ports.store
  await statusLists.keep(0, SAMPLE_NOW + 600)
  for (let time = 0; time < 250; time += 1)
    await grants.put(sampleGrant({ id: `g${time}`, status: time }))
  await grants.put(sampleGrant({ id: 'later', status: 300, authorization: LATER }))
  assert.equal(await endGrants({ loggedInUntil: SAMPLE_NOW }, ports), 250)
  assert.ok(await isRevoked('g0'))
  assert.ok(await isRevoked('g249'))
  assert.equal(await isRevoked('later'), false)
  assert.deepEqual(
    await statusLists.revoked(0),
    Array.from({ length: 250 }, (_, index) => index),
  )
  assert.equal(await endGrants({}, ports), 1)
  assert.ok(await isRevoked('later'))
})

test('grants of one client end alone', async () => {
  const { ports, isRevoked } = createScene()
  const other = { ...authorization, clientId: 'other' }
  await ports.store.grants.put(sampleGrant({ id: 'mine' }))
  await ports.store.grants.put(sampleGrant({ id: 'theirs', authorization: other }))
  assert.equal(await endGrants({ clientId: 'app' }, ports), 1)
  assert.ok(await isRevoked('mine'))
  assert.equal(await isRevoked('theirs'), false)
})

test('what was revoked or has expired is not counted, and ends all the same', async () => {
  const { ports } = createScene()
  const { grants, revocations, statusLists } = ports.store
  await statusLists.keep(0, SAMPLE_NOW + 600)
  await grants.put(sampleGrant({ id: 'half revoked', status: 7 }))
  await grants.put(sampleGrant({ id: 'expired', status: 8, expiresAt: SAMPLE_NOW }))
  await revocations.add('half revoked', SAMPLE_NOW + 60)
  assert.equal(await endGrants({}, ports), 0)
  assert.deepEqual(await statusLists.revoked(0), [7, 8])
  ports.clock.advance(59)
  assert.equal(await endGrants({}, ports), 0)
})
