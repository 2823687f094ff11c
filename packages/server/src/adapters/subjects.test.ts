import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSubjects } from './subjects.ts'

test('OIDC-15 nothing is known of a user who is disabled, until the user is enabled again', async () => {
  const { users } = createMemoryStore(fixedClock())
  const subjects = createSubjects({ users })
  const claims = { name: 'Alice Example' }
  const alice = { subject: 's', username: 'alice', passwordHash: 'h', claims }
  assert.equal(await subjects.claims('s'), undefined)
  for (const disabled of [false, true, false]) {
    await users.put({ ...alice, source: 'command', disabled })
    assert.deepEqual(await subjects.claims('s'), disabled ? undefined : claims)
  }
})
