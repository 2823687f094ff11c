import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { RedisRefused, targetOf } from './address.ts'

test('an address names host, port, user, password and database', () => {
  assert.deepEqual(targetOf({ url: 'redis://redis.example' }), {
    socket: { host: 'redis.example', port: 6379, tls: false },
    database: 0,
  })
  assert.deepEqual(targetOf({ url: 'redis://us%2Fer:p%40ss%3A@[::1]:7000/3' }), {
    socket: { host: '::1', port: 7000, tls: false },
    username: 'us/er',
    password: 'p@ss:',
    database: 3,
  })
  assert.deepEqual(targetOf({ url: 'redis://:only-a-password@redis' }).password, 'only-a-password')
})

test('rediss is TLS, of no version before 1.2', () => {
  const { socket } = targetOf({ url: 'rediss://redis.example', tls: { servername: 'redis' } })
  assert.deepEqual(socket, {
    host: 'redis.example',
    port: 6379,
    tls: true,
    minVersion: 'TLSv1.2',
    servername: 'redis',
  })
})

test('what is no address is refused without being repeated', () => {
  for (const url of [
    '',
    'secret',
    'http://user:secret@redis',
    'redis://user:secret@',
    'redis://user:secret@redis:port',
    'redis://user:secret%@redis',
    'redis://user:secret@redis/database',
    'redis://user:secret@redis/-1',
    'redis://user:secret@redis/1.5',
  ]) {
    assert.throws(
      () => targetOf({ url }),
      (error) => {
        assert.ok(error instanceof RedisRefused, url)
        assert.ok(!inspect(error).replaceAll('address.test', '').includes('secret'), url)
        return true
      },
    )
  }
})

test('an address of sentinels is refused with what to do instead', () => {
  for (const scheme of ['redis-sentinel', 'rediss-sentinel', 'redis+sentinel'])
    assert.throws(
      () => targetOf({ url: `${scheme}://:secret@one:26379,two:26379/primary` }),
      ({ message }) => /follows the primary/.test(message) && !message.includes('secret'),
    )
})
