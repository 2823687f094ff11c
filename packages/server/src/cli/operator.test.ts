import { createMemoryStore } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { systemClock } from '../adapters/system.ts'
import { changed, operator } from './operator.ts'

test('an operator is the user of the operating system, and who that was before', () => {
  const { username } = userInfo()
  assert.equal(operator(undefined), username)
  assert.equal(operator('alice'), `${username}, by sudo of alice`)
  assert.equal(operator('a'.repeat(100_000)).length, `${username}, by sudo of `.length + 100)
})

test('a change is on record among what strangers cannot cause', async () => {
  const store = createMemoryStore(systemClock)
  await changed(store, { step: 'client-add', clientId: 'app', detail: 'registered' })
  const [record] = await store.audit.read({ stream: 'trusted', after: 0, limit: 2 })
  const { id, at, ...event }: Record<string, unknown> = JSON.parse(record?.text ?? '')
  assert.match(String(id), /^[\w-]{22}$/)
  assert.ok(Math.abs(Date.now() - Number(at)) < 60_000)
  const by = operator(process.env['SUDO_USER'])
  const change = { step: 'client-add', clientId: 'app', detail: 'registered' }
  assert.deepEqual(event, { kind: 'administered', by, ...change })
})
