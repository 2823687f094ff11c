import assert from 'node:assert/strict'
import { UsernameTaken } from '../../store/administration.ts'
import { sampleClientRecord, sampleKeyRecord, sampleUser, SAMPLE_NOW } from '../sample-rows.ts'
import type { ContractTest } from './harness.ts'

/** What users promise. */
export function usersContract(test: ContractTest): void {
  test('a user is found by name and by subject', async ({ store }) => {
    const user = sampleUser()
    await store.users.put(user)
    assert.deepEqual(await store.users.byUsername('alice'), user)
    assert.deepEqual(await store.users.bySubject(user.subject), user)
    assert.equal(await store.users.byUsername('Alice'), undefined)
    assert.equal(await store.users.byUsername(user.subject), undefined)
    assert.equal(await store.users.bySubject('alice'), undefined)
  })

  test('a user who is renamed is no longer found by the old name', async ({ store }) => {
    await store.users.put(sampleUser())
    const renamed = sampleUser({ username: 'alicia', disabled: true })
    await store.users.put(renamed)
    assert.equal(await store.users.byUsername('alice'), undefined)
    assert.deepEqual(await store.users.byUsername('alicia'), renamed)
    assert.deepEqual(await store.users.list(), [renamed])
  })

  test('two users cannot have one name, and the first keeps it', async ({ store }) => {
    const alice = sampleUser()
    await store.users.put(alice)
    await assert.rejects(store.users.put(sampleUser({ subject: 'impostor' })), UsernameTaken)
    await store.settled()
    assert.deepEqual(await store.users.list(), [alice])
    assert.equal(await store.users.bySubject('impostor'), undefined)
  })

  test('a name that was given up can be taken', async ({ store }) => {
    await store.users.put(sampleUser())
    await store.users.put(sampleUser({ username: 'alicia' }))
    const second = sampleUser({ subject: 'second' })
    await store.users.put(second)
    assert.deepEqual(await store.users.byUsername('alice'), second)
  })

  test('a user is replaced only while the one that was seen is kept', async ({ store }) => {
    const seen = sampleUser()
    await store.users.put(seen)
    const stronger = { ...seen, passwordHash: 'a stronger one' }
    assert.equal(await store.users.replace(seen, stronger), true)
    assert.deepEqual(await store.users.bySubject(seen.subject), stronger)
    assert.deepEqual(await store.users.byUsername(seen.username), stronger)

    const disabled = { ...stronger, disabled: true }
    await store.users.put(disabled)
    assert.equal(await store.users.replace(stronger, { ...stronger, passwordHash: 'x' }), false)
    assert.deepEqual(await store.users.list(), [disabled])

    const stranger = sampleUser({ subject: 'nobody', username: 'nobody' })
    assert.equal(await store.users.replace(stranger, stranger), false)
    assert.equal(await store.users.bySubject('nobody'), undefined)
  })

  test('what was read of a user may be replaced as it was read', async ({ store }) => {
    const claims = { name: 'Zoë', nested: { 2: [1.5, null], 1: 'b' }, "o'clock": true }
    await store.users.put(sampleUser({ claims }))
    const read = await store.users.byUsername('alice')
    assert.ok(read)
    assert.equal(await store.users.replace(read, { ...read, disabled: true }), true)
  })

  test('users are listed by name', async ({ store }) => {
    for (const username of ['carol', 'alice', 'bob']) {
      await store.users.put(sampleUser({ username, subject: `subject of ${username}` }))
    }
    const names = (await store.users.list()).map((user) => user.username)
    assert.deepEqual(names, ['alice', 'bob', 'carol'])
  })
}

/** What clients and keys promise. */
export function recordsContract(test: ContractTest): void {
  test('a client is found by its id, and the last one put counts', async ({ store }) => {
    await store.clients.put(sampleClientRecord())
    const disabled = sampleClientRecord({
      disabled: true,
      metadata: { nested: { list: [1, null] } },
    })
    await store.clients.put(disabled)
    assert.deepEqual(await store.clients.get('app'), disabled)
    assert.equal(await store.clients.get('APP'), undefined)
  })

  test('clients are listed by id', async ({ store }) => {
    for (const clientId of ['web', 'app', 'cli'])
      await store.clients.put(sampleClientRecord({ clientId }))
    const ids = (await store.clients.list()).map((client) => client.clientId)
    assert.deepEqual(ids, ['app', 'cli', 'web'])
  })

  test('keys are listed from the oldest to the newest, each as it was put last', async ({
    store,
  }) => {
    const newer = sampleKeyRecord({ kid: 'a-newer', createdAt: SAMPLE_NOW + 10 })
    const retiring = sampleKeyRecord({ retiresAt: SAMPLE_NOW + 7200 })
    await store.keys.put(newer)
    await store.keys.put(sampleKeyRecord())
    await store.keys.put(retiring)
    assert.deepEqual(await store.keys.list(), [retiring, newer])
  })
}
