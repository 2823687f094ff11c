import assert from 'node:assert/strict'
import { canonicalJson, CHAIN_BEGINS } from '../../audit-chain.ts'
import { checkChain, type ChainReport } from '../../audit-check.ts'
import { AUDIT_STREAMS, type AuditEvent, type AuditRecord } from '../../store/audit.ts'
import type { Store } from '../../store/store.ts'
import { sampleAuditEvent } from '../sample-rows.ts'
import { ISSUER, UNAUTHENTICATED, type ContractTest, type Scene } from './harness.ts'

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

/** What the chains of the audit promise. */
export function auditChainContract(test: ContractTest): void {
  test('what is recorded is read in its order, without a gap, from the first on', async ({
    store,
  }) => {
    const events = Array.from({ length: 7 }, (_, index) => sampleAuditEvent({ id: `ev ${index}` }))
    for (const event of events) await store.audit.record(event)
    const records = await readAll(store)
    assert.deepEqual(records.map(textOf), events.map(canonicalJson))
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      [1, 2, 3, 4, 5, 6, 7],
    )
    const { audit } = store
    assert.deepEqual(
      await audit.read({ stream: 'trusted', after: 0, limit: 3 }),
      records.slice(0, 3),
    )
    assert.deepEqual(await audit.read({ stream: 'trusted', after: 5, limit: 3 }), records.slice(5))
    assert.deepEqual(await audit.read({ stream: 'trusted', after: 7, limit: 3 }), [])
  })

  test('a chain tells where it begins and where it ends', async ({ store }) => {
    for (const stream of AUDIT_STREAMS) {
      const empty = { anchor: CHAIN_BEGINS, head: CHAIN_BEGINS }
      assert.deepEqual(await store.audit.chain(stream), empty)
    }
    await store.audit.record(sampleAuditEvent())
    const [record] = await readAll(store)
    const head = { sequence: 1, hash: record?.hash }
    assert.deepEqual(await store.audit.chain('trusted'), { anchor: CHAIN_BEGINS, head })
    assert.equal((await store.audit.chain('strangers')).head.sequence, 0)
  })

  test('both streams are chains of their own, of each service', async ({ store, other }) => {
    for (const one of [store, other]) {
      await one.audit.record(sampleAuditEvent({ id: 'trusted' }))
      await one.audit.record(anybodysEvent('first'))
      await one.audit.record(anybodysEvent('second'))
    }
    for (const one of [store, other]) {
      assert.equal((await assertIntact(one, 'trusted')).count, 1)
      assert.equal((await assertIntact(one, 'strangers')).count, 2)
    }
  })

  test('an event that comes again leaves no gap', async ({ store }) => {
    const again = sampleAuditEvent()
    await store.audit.record(again)
    await store.audit.record(anybodysEvent(again.id))
    await Promise.all([store.audit.record(again), store.audit.record(again)])
    await store.audit.record(sampleAuditEvent({ id: 'ev_2' }))
    assert.equal((await assertIntact(store, 'trusted')).count, 2)
    assert.equal((await assertIntact(store, 'strangers')).count, 0)
  })

  test('events of any length and in every script are chained as they were', async ({ store }) => {
    const details = ['', '\u0000', '"\\', '{"a":[1]}', '\ud800', 'Zażółć 👩‍👩‍👧', 'x'.repeat(100_000)]
    for (const [index, detail] of details.entries())
      await store.audit.record(
        sampleAuditEvent({ id: detail, detail, at: 1_800_000_000_000 - index }),
      )
    assert.equal((await assertIntact(store, 'trusted')).count, details.length)
    for (const detail of details) assert.equal((await store.audit.find(detail))?.detail, detail)
  })

  test('many at once make one chain', async ({ store }) => {
    const ids = Array.from({ length: 300 }, (_, index) => `ev ${index}`)
    await Promise.all(
      ids.flatMap((id) => [
        store.audit.record(sampleAuditEvent({ id })),
        store.audit.record(sampleAuditEvent({ id })),
      ]),
    )
    assert.equal((await assertIntact(store, 'trusted')).count, 300)
    assert.deepEqual(await left(store, ids), ids)
  })

  test('the ceiling removes from the beginning, and the rest is a chain that goes on', async (scene) => {
    const { store, opened } = scene
    for (let index = 0; index < UNAUTHENTICATED * 2; index += 1)
      await store.audit.record(anybodysEvent(`flood ${index}`))
    for (let count = 0; count < 3; count += 1) await opened.sweep?.(UNAUTHENTICATED)
    const { anchor, head, count } = await assertIntact(store, 'strangers')
    assert.deepEqual([anchor.sequence, head.sequence], [UNAUTHENTICATED, UNAUTHENTICATED * 2])
    assert.equal(count, UNAUTHENTICATED)
    await store.audit.record(anybodysEvent('after'))
    assert.equal((await assertIntact(store, 'strangers')).head.sequence, UNAUTHENTICATED * 2 + 1)
  })

  test('a flood at one service removes nothing of another', async ({ store, other, opened }) => {
    await other.audit.record(anybodysEvent('only one'))
    for (let index = 0; index < UNAUTHENTICATED * 3; index += 1)
      await store.audit.record(anybodysEvent(`flood ${index}`))
    for (let count = 0; count < 5; count += 1) await opened.sweep?.(UNAUTHENTICATED)
    assert.notEqual(await other.audit.find('only one'), undefined)
    assert.equal((await assertIntact(store, 'strangers')).count, UNAUTHENTICATED)
  })

  test('retention removes from the beginning, down to nothing, and the chain goes on', async (scene) => {
    const { clock, store, opened } = scene
    if (opened.sweep === undefined) return
    const record = (id: string): Promise<void> =>
      store.audit.record(sampleAuditEvent({ id, at: clock.milliseconds() }))
    for (const id of ['one', 'two', 'three']) await record(id)
    clock.advance(50_000)
    await record('four')
    clock.advance(50_000)
    await opened.sweep(2)
    assert.deepEqual((await assertIntact(store, 'trusted')).anchor.sequence, 2)
    await opened.sweep(2)
    await opened.sweep(2)
    assert.equal((await assertIntact(store, 'trusted')).count, 1)
    clock.advance(50_000)
    await opened.sweep(2)
    const { anchor, count } = await assertIntact(store, 'trusted')
    assert.deepEqual([anchor.sequence, count], [4, 0])
    await record('five')
    assert.equal((await assertIntact(store, 'trusted')).first?.sequence, 5)
  })

  test('an old event behind a young one stays until that goes: a clock that was wrong makes no gap', async (scene) => {
    const { clock, store, opened } = scene
    if (opened.sweep === undefined) return
    for (const [id, at] of [
      ['old', 0],
      ['young', clock.milliseconds()],
      ['stamped in 1970', 0],
    ] as const) {
      await store.audit.record(sampleAuditEvent({ id, at }))
    }
    await opened.sweep(100)
    assert.equal((await assertIntact(store, 'trusted')).count, 2)
    clock.advance(90_000)
    await opened.sweep(100)
    assert.equal((await assertIntact(store, 'trusted')).count, 0)
  })

  test('a chain goes on after opening the store again', async ({ store, opened }) => {
    await store.audit.record(sampleAuditEvent({ id: 'before' }))
    await store.settled()
    const again = (await opened.reopen?.())?.store(ISSUER) ?? store
    await again.audit.record(sampleAuditEvent({ id: 'after' }))
    assert.equal((await assertIntact(again, 'trusted')).count, 2)
  })
}

async function assertIntact({ audit }: Store, stream: ChainReport['stream']): Promise<ChainReport> {
  const report = await checkChain(audit, stream)
  assert.deepEqual(report.breaks, [])
  return report
}

function readAll({ audit }: Store): Promise<readonly AuditRecord[]> {
  return audit.read({ stream: 'trusted', after: 0, limit: 1_000 })
}

function textOf({ text }: AuditRecord): string {
  return text
}

function anybodysEvent(id: string): AuditEvent {
  return sampleAuditEvent({ id, unauthenticated: true })
}

async function left(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(ids.map((id) => store.audit.find(id)))
  return ids.filter((_, index) => found[index] !== undefined)
}
