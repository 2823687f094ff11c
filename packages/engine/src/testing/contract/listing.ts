import assert from 'node:assert/strict'
import type { Consent } from '../../store/durable.ts'
import type { Page } from '../../store/values.ts'
import { sampleConsent, sampleGrant, sampleSession, SAMPLE_NOW } from '../sample-rows.ts'
import type { ContractTest } from './harness.ts'

/** More than two pages, and names whose order nobody knows by heart. */
const NAMES = ['a', 'B', 'b', 'ä', '10', '9', '_', '-', '😀', '\u{FF5E}', 'x'.repeat(300)]
const LIMIT = 4

/** That who looks at all rows, page by page, sees each once, for whoever carries them elsewhere. */
export function listingContract(test: ContractTest): void {
  test('all grants are listed, page by page, revoked or expired ones too', async (scene) => {
    const { store, other, clock } = scene
    const grants = NAMES.map((id) => sampleGrant({ id }))
    for (const grant of grants) await store.grants.put(grant)
    await other.grants.put(sampleGrant({ id: 'of another service' }))
    await store.revocations.add('a', SAMPLE_NOW + 60)
    clock.advance(2_592_000)
    const seen = await pages(
      (page) => store.grants.list(page),
      ({ id }) => id,
    )
    assert.deepEqual(seen.toSorted(by('id')), grants.toSorted(by('id')))
    const moved = { from: 131_079, to: 131_080 }
    await store.grants.replaceStatus('a', moved)
    assert.equal((await store.grants.get('a'))?.status, moved.to)
    const [listed] = (await store.grants.list({ after: '', limit: 100 })).filter(
      ({ id }) => id === 'a',
    )
    assert.equal(listed?.status, moved.to)
  })

  test('all sessions are listed, page by page, those that ended too', async (scene) => {
    const { store, other, clock } = scene
    const sessions = NAMES.map((digest) => sampleSession({ digest }))
    for (const session of sessions) await store.sessions.put(session)
    await other.sessions.put(sampleSession({ digest: 'of another service' }))
    await store.sessions.join('a', 'app')
    clock.advance(2_592_000)
    const seen = await pages(
      (page) => store.sessions.list(page),
      ({ digest }) => digest,
    )
    const expected = sessions.map((session) =>
      session.digest === 'a' ? { ...session, clients: ['app'] } : session,
    )
    assert.deepEqual(seen.toSorted(by('digest')), expected.toSorted(by('digest')))
  })

  test('all consents are listed, page by page, several of one user too', async (scene) => {
    const { store, other } = scene
    const consents = NAMES.flatMap((subject) => [
      sampleConsent({ subject, clientId: 'one' }),
      sampleConsent({ subject, clientId: 'other' }),
    ])
    for (const consent of consents) await store.consents.put(consent)
    await other.consents.put(sampleConsent({ subject: 'of another service' }))
    const name = ({ subject, clientId }: Consent): Pick<Consent, 'subject' | 'clientId'> => ({
      subject,
      clientId,
    })
    const seen: Consent[] = []
    let after = { subject: '', clientId: '' }
    for (;;) {
      const page = await store.consents.list({ after, limit: 5 })
      const last = page.at(-1)
      if (last === undefined) break
      assert.ok(page.length <= 5)
      after = name(last)
      seen.push(...page)
    }
    const key = (consent: Consent): string => JSON.stringify(name(consent))
    assert.deepEqual(seen.map(key).toSorted(), consents.map(key).toSorted())
    assert.deepEqual(new Set(seen.map((consent) => JSON.stringify(consent.scopes))).size, 1)
  })

  test('all revocations are listed, page by page, each with the end that counts', async (scene) => {
    const { store, other } = scene
    const ids = NAMES.filter((id) => id.length < 200)
    for (const [index, id] of ids.entries()) await store.revocations.add(id, SAMPLE_NOW + index)
    await store.revocations.add('a', SAMPLE_NOW + 600)
    await store.revocations.add('b', SAMPLE_NOW - 600)
    await other.revocations.add('of another service', SAMPLE_NOW + 60)
    const seen = await pages(
      (page) => store.revocations.list(page),
      ({ id }) => id,
    )
    const expected = ids.map((id, index) => ({
      id,
      until: SAMPLE_NOW + (id === 'a' ? 600 : index),
    }))
    assert.deepEqual(seen.toSorted(by('id')), expected.toSorted(by('id')))
  })

  test('the state of the status lists tells what was taken, published and marked', async (scene) => {
    const { statusLists } = scene.store
    assert.deepEqual(await statusLists.state(), { taken: 0, published: [], revoked: [] })
    await statusLists.take(1_000)
    await statusLists.take(24)
    await statusLists.keep(10, SAMPLE_NOW + 60)
    await statusLists.keep(9, SAMPLE_NOW + 70)
    await statusLists.revoke(10, 7, SAMPLE_NOW + 20)
    await statusLists.revoke(9, 100, SAMPLE_NOW + 30)
    await statusLists.revoke(9, 20, SAMPLE_NOW + 10)
    await statusLists.revoke(9, 20, SAMPLE_NOW + 40)
    await scene.other.statusLists.take(7)
    await scene.other.statusLists.keep(0, SAMPLE_NOW + 60)
    await scene.other.statusLists.revoke(0, 1, SAMPLE_NOW + 60)
    assert.deepEqual(await statusLists.state(), {
      taken: 1_024,
      published: [
        { list: 9, until: SAMPLE_NOW + 70 },
        { list: 10, until: SAMPLE_NOW + 60 },
      ],
      revoked: [
        { list: 9, index: 20, until: SAMPLE_NOW + 40 },
        { list: 9, index: 100, until: SAMPLE_NOW + 30 },
        { list: 10, index: 7, until: SAMPLE_NOW + 20 },
      ],
    })
  })
}

async function pages<Row>(
  list: (page: Page) => Promise<readonly Row[]>,
  name: (row: Row) => string,
): Promise<readonly Row[]> {
  const seen: Row[] = []
  for (let after = ''; ;) {
    const page = await list({ after, limit: LIMIT })
    const last = page.at(-1)
    if (last === undefined) return seen
    assert.ok(page.length <= LIMIT)
    seen.push(...page)
    after = name(last)
  }
}

function by<Name extends string>(
  name: Name,
): (one: Record<Name, string>, other: Record<Name, string>) => number {
  return (one, other) => (one[name] < other[name] ? -1 : 1)
}
