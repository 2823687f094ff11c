import assert from 'node:assert/strict'
import type { Store } from '../../store/store.ts'
import * as sample from '../sample-rows.ts'
import type { ContractTest } from './harness.ts'

const KEY = sample.sampleDigest('key')
const ONCE = { burst: 1, refill: 60 }
const MARK = { digest: KEY, until: sample.SAMPLE_NOW + 60 }

/** Writes one row of every kind. */
export async function fill(store: Store): Promise<void> {
  await store.pushedRequests.put(sample.samplePushedRequest())
  await store.interactions.put(sample.sampleInteraction())
  await store.codes.put(sample.sampleCode())
  await store.replay.first([MARK])
  await store.attempts.take(KEY, ONCE, sample.SAMPLE_NOW)
  await store.sessions.put(sample.sampleSession())
  await store.consents.put(sample.sampleConsent())
  await store.grants.put(sample.sampleGrant())
  await store.opaqueTokens.put(sample.sampleOpaqueToken())
  await store.revocations.add('grant', sample.SAMPLE_NOW + 60)
  await store.statusLists.keep(0, sample.SAMPLE_NOW + 60)
  await store.statusLists.revoke(0, 7, sample.SAMPLE_NOW + 60)
  await store.users.put(sample.sampleUser())
  await store.clients.put(sample.sampleClientRecord())
  await store.keys.put(sample.sampleKeyRecord())
  await store.audit.record(sample.sampleAuditEvent())
}

/** What a store shows, by the questions `fill` has answers to; a mark and an attempt are taken by asking. */
export async function show(store: Store): Promise<Readonly<Record<string, unknown>>> {
  const consent = sample.sampleConsent()
  return {
    pushedRequest: await store.pushedRequests.peek(sample.samplePushedRequest().digest),
    interaction: await store.interactions.get(sample.sampleInteraction().digest),
    code: await store.codes.peek(sample.sampleCode().digest),
    mark: await store.replay.first([MARK]),
    wait: await store.attempts.take(KEY, ONCE, sample.SAMPLE_NOW),
    session: await store.sessions.get(sample.sampleSession().digest),
    consent: await store.consents.get(consent.subject, consent.clientId),
    grant: await store.grants.get(sample.sampleGrant().id),
    opaqueToken: await store.opaqueTokens.get(sample.sampleOpaqueToken().digest),
    revoked: await store.revocations.anyOf(['grant']),
    revokedStatuses: await store.statusLists.revoked(0),
    user: await store.users.byUsername('alice'),
    users: await store.users.list(),
    client: await store.clients.get('app'),
    clients: await store.clients.list(),
    keys: await store.keys.list(),
    event: await store.audit.find(sample.sampleAuditEvent().id),
  }
}

export const EVERYTHING: Readonly<Record<string, unknown>> = {
  pushedRequest: sample.samplePushedRequest(),
  interaction: sample.sampleInteraction(),
  code: sample.sampleCode(),
  mark: MARK,
  wait: 60,
  session: sample.sampleSession(),
  consent: sample.sampleConsent(),
  grant: sample.sampleGrant(),
  opaqueToken: sample.sampleOpaqueToken(),
  revoked: true,
  revokedStatuses: [7],
  user: sample.sampleUser(),
  users: [sample.sampleUser()],
  client: sample.sampleClientRecord(),
  clients: [sample.sampleClientRecord()],
  keys: [sample.sampleKeyRecord()],
  event: sample.sampleAuditEvent(),
}

const NOTHING: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, undefined])),
  wait: 0,
  revoked: false,
  users: [],
  clients: [],
  keys: [],
}

/** What services on one store promise each other. */
export function servicesContract(test: ContractTest): void {
  test('two services see nothing of each other', async ({ store, other }) => {
    await fill(store)
    assert.deepEqual(await show(other), NOTHING)
    assert.deepEqual(await show(store), EVERYTHING)
  })

  test('what one service ends goes on at the other', async ({ store, other }) => {
    await fill(store)
    await fill(other)
    await end(other)
    assert.deepEqual(await show(store), EVERYTHING)
    assert.equal(await store.pushedRequests.claim(sample.samplePushedRequest().digest), true)
    assert.equal(await store.codes.redeem(sample.sampleCode().digest), true)
  })
}

async function end(store: Store): Promise<void> {
  assert.equal(await store.pushedRequests.claim(sample.samplePushedRequest().digest), true)
  assert.equal(await store.codes.redeem(sample.sampleCode().digest), true)
  await store.interactions.delete(sample.sampleInteraction().digest)
  await store.sessions.delete(sample.sampleSession().digest)
  await store.attempts.clear(KEY)
  await store.users.put(sample.sampleUser({ username: 'renamed' }))
  await store.clients.put(sample.sampleClientRecord({ disabled: true }))
}
