import type { BffEvent } from '@signet/bff'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../management/log.ts'
import { logEvent } from './log-event.ts'
import { createBffMetrics } from './metrics.ts'

const yes = (): boolean => true
const no = (): boolean => false

const HAPPENED: readonly BffEvent[] = [
  { type: 'login_started', frontend: 'bank' },
  { type: 'login_succeeded', frontend: 'bank' },
  { type: 'login_succeeded', frontend: 'shop' },
  { type: 'login_failed', frontend: 'bank', reason: 'wrong_issuer', detail: 'SECRET' },
  { type: 'logout', frontend: 'bank', cause: 'back_channel', sessions: 3 },
  { type: 'refresh', result: 'refreshed' },
  { type: 'refresh', result: 'dead', detail: 'invalid_grant' },
  { type: 'revocation_failed', detail: 'no answer' },
  { type: 'proxied', frontend: 'bank', route: '/api/', status: 200, milliseconds: 1 },
  { type: 'proxied', frontend: 'bank', route: '/api/', status: 204, milliseconds: 1 },
  { type: 'proxied', frontend: 'bank', route: '/api/', status: 502, milliseconds: 1 },
  { type: 'csrf_rejected', frontend: 'bank', reason: 'header_missing' },
  { type: 'validation_failed', where: 'logout_token', reason: 'logout_token_aud', detail: 'x' },
  { type: 'validation_failed', where: 'session', reason: 'altered, or sealed for another owner' },
  { type: 'authority_unavailable', detail: 'no answer' },
  { type: 'store_unavailable', eventId: 'one' },
  { type: 'fault', eventId: 'two', error: new Error('broken') },
]

async function linesOf(metrics: ReturnType<typeof createBffMetrics>): Promise<readonly string[]> {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => line.startsWith('signet_bff'))
}

test('what happens is counted, by labels that do not grow with use', async () => {
  const metrics = createBffMetrics(async () => 4)
  for (const event of HAPPENED) metrics.count(event)
  assert.deepEqual((await linesOf(metrics)).toSorted(), [
    'signet_bff_csrf_rejections_total{reason="header_missing"} 1',
    'signet_bff_logins_total{result="succeeded"} 2',
    'signet_bff_logins_total{result="wrong_issuer"} 1',
    'signet_bff_logouts_total{cause="back_channel"} 3',
    'signet_bff_proxied_requests_total{status="2xx"} 2',
    'signet_bff_proxied_requests_total{status="5xx"} 1',
    'signet_bff_refreshes_total{result="dead"} 1',
    'signet_bff_refreshes_total{result="refreshed"} 1',
    'signet_bff_sessions_active 4',
    'signet_bff_validation_failures_total{reason="altered_or_sealed_for_another_owner"} 1',
    'signet_bff_validation_failures_total{reason="logout_token_aud"} 1',
  ])
})

test('a store that cannot be asked takes the number of sessions away, not the other metrics', async () => {
  let alive: Promise<number> = Promise.resolve(2)
  const metrics = createBffMetrics(() => alive)
  assert.deepEqual(await linesOf(metrics), ['signet_bff_sessions_active 2'])
  alive = Promise.reject(new Error('locked'))
  metrics.count({ type: 'login_succeeded', frontend: 'bank' })
  const [logins, sessions] = await linesOf(metrics)
  assert.equal(logins, 'signet_bff_logins_total{result="succeeded"} 1')
  assert.match(sessions ?? '', /^signet_bff_sessions_active nan$/i)
})

test('the end of a certificate is shown, if there is one', async () => {
  const metrics = createBffMetrics(async () => 0)
  metrics.showExpiry(1_800_000_000)
  assert.deepEqual(await linesOf(metrics), [
    'signet_bff_sessions_active 0',
    'signet_bff_client_certificate_expiry_timestamp_seconds 1800000000',
  ])
})

test('everything that happens can be read in the log, at the level it is worth', () => {
  const lines: Record<string, unknown>[] = []
  const log = createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) })
  for (const event of HAPPENED) logEvent(event, { log, limits: { warn: yes, error: yes } })
  assert.deepEqual(
    lines.map(({ level, msg }) => `${String(level)} ${String(msg)}`),
    [
      'debug login started',
      'info login succeeded',
      'info login succeeded',
      'warn login failed',
      'info logout',
      'debug refresh',
      'warn refresh',
      'warn revocation failed',
      'debug proxied',
      'debug proxied',
      'debug proxied',
      'warn csrf rejected',
      'warn validation failed',
      'warn validation failed',
      'error authority unavailable',
      'error store unavailable',
      'error fault',
    ],
  )
  const loud = lines.filter(({ level }) => level === 'debug' || level === 'info').length
  lines.length = 0
  for (const event of HAPPENED) logEvent(event, { log, limits: { warn: no, error: no } })
  assert.equal(lines.length, loud, 'what goes wrong can be caused by anybody')
  lines.length = 0
  for (const event of HAPPENED) logEvent(event, { log, limits: { warn: no, error: yes } })
  assert.equal(lines.length, loud + 3, 'and who causes warnings at will hides no failure')
  lines.length = 0
  for (const event of HAPPENED) logEvent(event, { log, limits: { warn: yes, error: yes } })
  const [fault] = lines.slice(-1)
  assert.equal(fault?.['eventId'], 'two')
  assert.match(JSON.stringify(fault?.['err']), /broken/)
})
