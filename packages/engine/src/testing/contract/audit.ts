import assert from 'node:assert/strict'
import { sampleAuditEvent } from '../sample-rows.ts'
import type { AuditEvent, Store } from '../../store.ts'
import { UNAUTHENTICATED, type ContractTest, type Scene } from './harness.ts'

/** What the audit promises. */
export function auditContract(test: ContractTest): void {
  test('an event is found by its id', async ({ store }) => {
    const event = sampleAuditEvent()
    const anybodys = anybodysEvent('anybody')
    await store.audit.record(event)
    await store.audit.record(anybodys)
    assert.deepEqual(await store.audit.find(event.id), event)
    assert.deepEqual(await store.audit.find('anybody'), anybodys)
    assert.equal(await store.audit.find('ev_unknown'), undefined)
  })

  test('an event that was recorded cannot be overwritten', async ({ store }) => {
    for (const event of [sampleAuditEvent(), anybodysEvent('anybody')]) {
      await store.audit.record(event)
      await store.audit.record({ ...event, kind: 'login', step: 'login', at: event.at + 5 })
      assert.deepEqual(await store.audit.find(event.id), event)
    }
  })

  test('no event takes the place of another by being of another kind', async ({ store }) => {
    const event = sampleAuditEvent()
    await store.audit.record(event)
    await store.audit.record(anybodysEvent(event.id))
    assert.deepEqual(await store.audit.find(event.id), event)
  })

  test('of the events anybody can cause only the newest are kept, and all others beside them', async (scene) => {
    const { store, opened } = scene
    const trusted = Array.from({ length: UNAUTHENTICATED * 3 }, (_, index) => `trusted ${index}`)
    const floods = Array.from({ length: UNAUTHENTICATED * 3 }, (_, index) => `flood ${index}`)
    for (const [index, id] of floods.entries()) {
      await store.audit.record(sampleAuditEvent({ id: trusted[index] ?? '' }))
      await store.audit.record(anybodysEvent(id))
    }
    for (let count = 0; count < 5; count += 1) await opened.sweep?.(UNAUTHENTICATED)
    assert.deepEqual(await left(store, trusted), trusted)
    assert.deepEqual(await left(store, floods), floods.slice(-UNAUTHENTICATED))
  })

  test('what anybody can cause is swept in steps no larger than the budget', async (scene) => {
    const { store, opened } = scene
    if (opened.sweep === undefined) return
    const floods = Array.from({ length: UNAUTHENTICATED * 2 }, (_, index) => `flood ${index}`)
    for (const id of floods) await store.audit.record(anybodysEvent(id))
    await opened.sweep(3)
    assert.deepEqual(await left(store, floods), floods.slice(3))
  })

  test('what anybody can cause goes with its time, too', async (scene: Scene) => {
    const { clock, store, opened } = scene
    if (opened.sweep === undefined) return
    await store.audit.record(anybodysEvent('old'))
    clock.advance(86_000)
    await store.audit.record({ ...anybodysEvent('young'), at: clock.milliseconds() })
    await opened.sweep(100)
    assert.deepEqual(await left(store, ['old', 'young']), ['old', 'young'])
    clock.advance(402)
    await opened.sweep(100)
    assert.deepEqual(await left(store, ['old', 'young']), ['young'])
  })
}

function anybodysEvent(id: string): AuditEvent {
  return sampleAuditEvent({ id, unauthenticated: true })
}

async function left(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(ids.map((id) => store.audit.find(id)))
  return ids.filter((_, index) => found[index] !== undefined)
}
