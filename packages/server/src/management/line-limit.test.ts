import { createMemoryStore, fixedClock, sampleAuditEvent } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineLimit } from './line-limit.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { observedStore } from './observed.ts'

test('a flood of refusals is logged in part and counted, everything else line by line', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const metrics = createMetrics()
  const limit = createLineLimit(log, 'refusals')
  const { audit } = observedStore(createMemoryStore(fixedClock()), { metrics, log, limit })
  const flood = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const id = `flood ${lines.length} ${index}`
      await audit.record(sampleAuditEvent({ id, unauthenticated: true }))
    }
  }
  await flood(250)
  assert.equal(lines.length, 100)
  await audit.record(sampleAuditEvent({ id: 'of a client' }))
  assert.match(lines[100] ?? '', /of a client/)
  t.mock.timers.tick(1_000)
  assert.equal(lines.length, 102)
  assert.match(lines[101] ?? '', /"suppressed":150/)
  await flood(100)
  t.mock.timers.tick(1_000)
  assert.equal(lines.length, 202, 'nothing was suppressed, so nothing is counted')
  const counted = await metrics.registry.metrics()
  assert.match(counted, /signet_refusals_total\{[^}]*\} 351/, 'metrics count them all')
})
