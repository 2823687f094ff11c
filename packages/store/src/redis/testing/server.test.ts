import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRedis } from './server.ts'

test('a machine without Redis is told how to get it, and its tests fail', async () => {
  const { PATH = '' } = process.env
  process.env['PATH'] = '/nowhere'
  try {
    await assert.rejects(startRedis(), /apt-get install redis-server/)
  } finally {
    process.env['PATH'] = PATH
  }
})

test('a server that does not come up says why', async () => {
  await assert.rejects(startRedis({ appendfsync: 'sometimes' }), /redis-server ended/)
})
