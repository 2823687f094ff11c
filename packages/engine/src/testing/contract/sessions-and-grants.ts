import assert from 'node:assert/strict'
import {
  sampleConsent,
  sampleDigest,
  sampleGrant,
  sampleOpaqueToken,
  sampleSession,
  SAMPLE_NOW,
} from '../sample-rows.ts'
import { race, type ContractTest } from './harness.ts'

/** What sessions and consents promise. */
export function sessionsContract(test: ContractTest): void {
  test('a session is found until it is deleted', async ({ store }) => {
    const session = sampleSession()
    await store.sessions.put(session)
    assert.deepEqual(await store.sessions.get(session.digest), session)
    assert.equal(await store.sessions.get(sampleDigest('stolen')), undefined)
    await store.sessions.delete(session.digest)
    assert.equal(await store.sessions.get(session.digest), undefined)
    await store.sessions.delete(session.digest)
  })

  test('a session is found until it expires, swept or not', async ({ clock, store }) => {
    const session = sampleSession()
    await store.sessions.put(session)
    clock.set(session.expiresAt - 1)
    assert.deepEqual(await store.sessions.get(session.digest), session)
    clock.set(session.expiresAt)
    assert.equal(await store.sessions.get(session.digest), undefined)
  })

  test('a session can be prolonged and shortened', async ({ clock, store }) => {
    const longer = sampleSession({ expiresAt: sampleSession().expiresAt + 3600 })
    await store.sessions.put(sampleSession())
    await store.sessions.put(longer)
    clock.set(longer.expiresAt - 1)
    assert.deepEqual(await store.sessions.get(longer.digest), longer)
    await store.sessions.put(sampleSession({ expiresAt: clock.now() }))
    assert.equal(await store.sessions.get(longer.digest), undefined)
  })

  test('the end of a session is given to exactly one of those who end it', async ({ store }) => {
    const session = sampleSession()
    await store.sessions.put(session)
    const ended = async (): Promise<boolean> =>
      (await store.sessions.delete(session.digest)) !== undefined
    assert.equal(await race(ended, true), 1)
  })

  test('the end of a session is given as it was, and not once it expired', async (scene) => {
    const { clock, store } = scene
    const session = sampleSession()
    await store.sessions.put(session)
    assert.deepEqual(await store.sessions.delete(session.digest), session)
    await store.sessions.put(session)
    clock.set(session.expiresAt)
    assert.equal(await store.sessions.delete(session.digest), undefined)
  })

  test('no client that joins a session is lost, and none is there twice', async ({ store }) => {
    const { clients: _, ...session } = sampleSession()
    await store.sessions.put(session)
    const names = Array.from({ length: 20 }, (_each, count) => `client ${count % 10}`)
    await Promise.all(names.map((name) => store.sessions.join(session.digest, name)))
    const { clients = [], ...rest } = (await store.sessions.get(session.digest)) ?? {}
    assert.deepEqual(clients.toSorted(), names.slice(0, 10).toSorted())
    assert.deepEqual(rest, session)
  })

  test('nobody joins a session that ended, and none comes to life by it', async (scene) => {
    const { clock, store } = scene
    await store.sessions.join(sampleDigest('unknown'), 'app')
    assert.equal(await store.sessions.get(sampleDigest('unknown')), undefined)
    const session = sampleSession()
    await store.sessions.put(session)
    clock.set(session.expiresAt)
    await store.sessions.join(session.digest, 'late')
    clock.set(session.expiresAt - 1)
    assert.deepEqual(await store.sessions.get(session.digest), session)
  })

  test('a consent is of one user for one client, and the last one counts', async ({ store }) => {
    const consent = sampleConsent()
    const wider = sampleConsent({ scopes: ['openid', 'payments'], updatedAt: SAMPLE_NOW + 1 })
    await store.consents.put(consent)
    assert.deepEqual(await store.consents.get(consent.subject, consent.clientId), consent)
    await store.consents.put(wider)
    assert.deepEqual(await store.consents.get(consent.subject, consent.clientId), wider)
    assert.equal(await store.consents.get(consent.subject, 'another'), undefined)
    assert.equal(await store.consents.get('another', consent.clientId), undefined)
  })

  test('names that run together do not make one consent of two', async ({ store }) => {
    const one = sampleConsent({ subject: 'a', clientId: 'bc' })
    const two = sampleConsent({ subject: 'ab', clientId: 'c', scopes: [] })
    await store.consents.put(one)
    await store.consents.put(two)
    assert.deepEqual(await store.consents.get('a', 'bc'), one)
    assert.deepEqual(await store.consents.get('ab', 'c'), two)
  })
}

/** What grants, opaque tokens and revocations promise. */
export function grantsContract(test: ContractTest): void {
  test('a grant is found by its id, and the last one put counts', async ({ store }) => {
    const grant = sampleGrant()
    const { refreshToken: _, ...plain } = sampleGrant({ expiresAt: SAMPLE_NOW + 300 })
    await store.grants.put(grant)
    assert.deepEqual(await store.grants.get(grant.id), grant)
    await store.grants.put(plain)
    assert.deepEqual(await store.grants.get(grant.id), plain)
    assert.equal(await store.grants.get('gr_unknown'), undefined)
  })

  test('the status of a grant is replaced once, and everybody learns by which', async (scene) => {
    const { store } = scene
    const grant = sampleGrant({ status: 7 })
    await store.grants.put(grant)
    let next = 100
    const attempts = Array.from({ length: 20 }, async () => {
      next += 1
      return store.grants.replaceStatus(grant.id, { from: 7, to: next })
    })
    const answers = new Set(await Promise.all(attempts))
    assert.equal(answers.size, 1)
    const [status] = answers
    assert.ok(status !== undefined && status > 100)
    assert.deepEqual(await store.grants.get(grant.id), { ...grant, status })
  })

  test('a grant without a status gets one, an unknown grant none', async ({
    clock,
    store,
    opened,
  }) => {
    const { status: _, ...grant } = sampleGrant({ expiresAt: SAMPLE_NOW + 600 })
    await store.grants.put(grant)
    assert.equal(await store.grants.replaceStatus(grant.id, { from: undefined, to: 9 }), 9)
    assert.equal(await store.grants.replaceStatus(grant.id, { from: undefined, to: 10 }), 9)
    assert.equal(await store.grants.replaceStatus('unknown', { from: undefined, to: 9 }), undefined)
    assert.equal(await store.grants.get('unknown'), undefined)
    clock.set(SAMPLE_NOW + 599)
    await opened.sweep?.(100)
    assert.deepEqual(await store.grants.get(grant.id), { ...grant, status: 9 })
  })

  test('an expired grant or token is still shown, so that whoever asks can say that it expired', async (scene) => {
    const { clock, store } = scene
    const grant = sampleGrant({ expiresAt: SAMPLE_NOW + 60 })
    const token = sampleOpaqueToken({ expiresAt: SAMPLE_NOW + 60 })
    await store.grants.put(grant)
    await store.opaqueTokens.put(token)
    clock.set(SAMPLE_NOW + 61)
    assert.deepEqual(await store.grants.get(grant.id), grant)
    assert.deepEqual(await store.opaqueTokens.get(token.digest), token)
  })

  test('an opaque token stands for its claims', async ({ store }) => {
    const token = sampleOpaqueToken()
    await store.opaqueTokens.put(token)
    assert.deepEqual(await store.opaqueTokens.get(token.digest), token)
    assert.equal(await store.opaqueTokens.get(sampleDigest('guessed')), undefined)
  })

  test('what was revoked is revoked whichever of its names is asked for', async ({ store }) => {
    const { revocations } = store
    await revocations.add('grant', SAMPLE_NOW + 60)
    assert.equal(await revocations.anyOf(['grant']), true)
    assert.equal(await revocations.anyOf(['jti', 'grant']), true)
    assert.equal(await revocations.anyOf(['grant', 'jti']), true)
    assert.equal(await revocations.anyOf(['a', 'b', 'c', 'd', 'grant']), true)
    assert.equal(await revocations.anyOf(['jti', 'another']), false)
    assert.equal(await revocations.anyOf([]), false)
  })

  test('a revocation lasts as long as the longest that was said', async ({
    clock,
    store,
    opened,
  }) => {
    await store.revocations.add('grant', SAMPLE_NOW + 600)
    await store.revocations.add('grant', SAMPLE_NOW + 60)
    clock.set(SAMPLE_NOW + 599)
    await opened.sweep?.(100)
    assert.equal(await store.revocations.anyOf(['grant']), true)
    await store.revocations.add('grant', SAMPLE_NOW + 1200)
    clock.set(SAMPLE_NOW + 1199)
    await opened.sweep?.(100)
    assert.equal(await store.revocations.anyOf(['grant']), true)
  })
}
