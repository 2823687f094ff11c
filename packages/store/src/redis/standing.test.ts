import { StoreUnavailable } from '@signet/engine'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RedisRefused } from './address.ts'
import { standingOf } from './standing.ts'

const LIFE = '8c5d2d1c5b4b5a0a0f2a7c3e9d1b6f4e7a8b9c0d'

const GOOD = {
  redis_version: '7.0.15',
  redis_mode: 'standalone',
  role: 'master',
  loading: '0',
  maxmemory_policy: 'noeviction',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  master_replid: LIFE,
}

function info(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields = Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined)
  return ['# Server', ...fields.map(([name, value]) => `${name}:${value}`), ''].join('\r\n')
}

test('a server that keeps what it is told is told by its life', () => {
  assert.deepEqual(standingOf(info()), { isCluster: false, life: LIFE })
  assert.deepEqual(standingOf(info({ redis_mode: 'cluster', redis_version: '10.1' })), {
    isCluster: true,
    life: LIFE,
  })
})

test('a server that is set up to forget is refused, and says what to change', () => {
  const unfit = [
    [{ redis_version: '6.2.7' }, /6\.2\.7.*needs 7/],
    [{ redis_version: undefined }, /needs 7/],
    [{ maxmemory_policy: 'volatile-ttl' }, /volatile-ttl; set it to noeviction/],
    [{ maxmemory_policy: undefined }, /unknown; set it to noeviction/],
    [{ aof_enabled: '0' }, /appendonly/],
    [{ aof_enabled: undefined }, /appendonly/],
    [{ master_replid: undefined }, /master_replid/],
  ] as const
  for (const [changes, message] of unfit) {
    assert.throws(
      () => standingOf(info(changes)),
      (error) => {
        assert.ok(error instanceof RedisRefused)
        assert.match(error.message, message)
        return true
      },
    )
  }
})

test('a server that is loading has not turned on its log yet, and is not blamed for it', () => {
  assert.throws(() => standingOf(info({ loading: '1', aof_enabled: '0' })), StoreUnavailable)
})

test('a server that cannot be used for the moment is one that is away', () => {
  for (const changes of [
    { role: 'slave' },
    { role: undefined },
    { loading: '1' },
    { loading: undefined },
    { aof_last_write_status: 'err' },
    { aof_last_write_status: undefined },
  ]) {
    assert.throws(() => standingOf(info(changes)), StoreUnavailable, JSON.stringify(changes))
  }
  assert.throws(() => standingOf(''), RedisRefused)
})
