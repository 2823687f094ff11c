import { StoreUnavailable, type AuditStream, type Store } from '@signet/engine'
import { createMemoryStore, fixedClock, sampleAuditEvent } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headText, parseHead } from '../adapters/audit-head.ts'
import { configOf, startRig } from '../testing/rig.ts'
import { startTellingHeads, type AuditedService } from './audit-heads.ts'
import { createLog } from './log.ts'

function audited(store: AuditedService['store']): AuditedService & { readonly lines: string[] } {
  const lines: string[] = []
  return { store, lines, log: createLog('info', { write: (line) => void lines.push(line) }) }
}

function headsIn(lines: readonly string[]): readonly unknown[] {
  return lines
    .map((line): { readonly auditHead?: unknown } => JSON.parse(line))
    .flatMap(({ auditHead }) => auditHead ?? [])
}

async function headOf({ audit }: Store, stream: AuditStream): Promise<string> {
  return headText({ stream, ...(await audit.chain(stream)).head })
}

test('the heads of the streams in which something happened are logged, now and at the end', async () => {
  const store = createMemoryStore(fixedClock())
  const { lines, ...service } = audited(store)
  const heads = startTellingHeads([service])
  await heads.tell()
  assert.deepEqual(headsIn(lines), [])
  await store.audit.record(sampleAuditEvent())
  await heads.tell()
  const first = await headOf(store, 'trusted')
  assert.deepEqual(headsIn(lines), [first])
  await store.audit.record(sampleAuditEvent({ id: 'ev_2', unauthenticated: true }))
  await heads.stop()
  assert.deepEqual(headsIn(lines), [first, first, await headOf(store, 'strangers')])
})

test('the heads are logged again and again', async () => {
  const store = createMemoryStore(fixedClock())
  await store.audit.record(sampleAuditEvent())
  const { promise: twice, resolve } = Promise.withResolvers<void>()
  const lines: string[] = []
  const write = (line: string): void => {
    lines.push(line)
    if (lines.length === 2) resolve()
  }
  const heads = startTellingHeads([{ store, log: createLog('info', { write }) }], 1)
  // The timer keeps no process alive, so something else has to.
  const alive = setInterval(() => undefined, 1_000)
  await twice
  clearInterval(alive)
  await heads.stop()
  const head = await headOf(store, 'trusted')
  assert.deepEqual(new Set(headsIn(lines)), new Set([head]))
})

test('a head that may yet be lost is not logged, and the server goes on', async () => {
  const store = createMemoryStore(fixedClock())
  await store.audit.record(sampleAuditEvent())
  const lost = { ...store, settled: () => Promise.reject(new StoreUnavailable('disk full')) }
  const { lines, ...service } = audited(lost)
  await startTellingHeads([service]).stop()
  assert.deepEqual(headsIn(lines), [])
  assert.match(lines[0] ?? '', /"level":"error".*head of the audit/)
})

test('a server logs the heads when it starts and, with all that happened, when it ends', async () => {
  const rig = await startRig(configOf())
  const atStart = await headOf(rig.store(), 'trusted')
  assert.deepEqual(headsIn(rig.log), [atStart])
  await rig.post('/par', {})
  await rig.server.close()
  const strangers = await headOf(rig.store(), 'strangers')
  assert.match(strangers, /^strangers:1:/)
  assert.deepEqual(headsIn(rig.log), [atStart, atStart, strangers])
})

test('a head is read as it was written, and nothing else is', () => {
  const hash = 'Aa0-_'.repeat(9).slice(0, 43)
  const head = { stream: 'strangers', sequence: 120, hash } as const
  assert.deepEqual(parseHead(headText(head)), head)
  for (const text of [
    '',
    hash,
    `120:${hash}`,
    `other:120:${hash}`,
    `trusted:0:${hash}`,
    `trusted:-1:${hash}`,
    `trusted:1e3:${hash}`,
    `trusted:${'9'.repeat(30)}:${hash}`,
    `trusted:120:${hash}A`,
    ` trusted:120:${hash}`,
    `trusted:120:${hash}\n`,
  ]) {
    assert.equal(parseHead(text), undefined, text)
  }
})
