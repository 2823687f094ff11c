import { InvalidClient, type ClientRecord, type User } from '@signet/engine'
import {
  countedRandom,
  createMemoryStore,
  fixedClock,
  sampleGrant,
  sampleSession,
} from '@signet/engine/testing'
import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceConfig, UserDeclaration } from '../config/config.ts'
import { serviceOf } from '../testing/service.ts'
import { carryOut, DeclarationClash } from './declarations.ts'

const { publicJwk } = generateSigningKey('ES256')
const password_hash =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

const clientOf = (client_id: string, client_name = client_id): Record<string, unknown> => ({
  client_id,
  client_name,
  redirect_uris: ['https://app.example/cb'],
  jwks: { keys: [publicJwk] },
})
const userOf = (username: string): UserDeclaration => ({ username, password_hash })
const file = (change: Partial<ServiceConfig>): ServiceConfig => ({
  service: serviceOf('https://as.example'),
  clients: [],
  users: [],
  ...change,
})

function ports() {
  const clock = fixedClock()
  return { clock, random: countedRandom(), store: createMemoryStore(clock) }
}

test('what the file declares is in the store', async () => {
  const { store, ...rest } = ports()
  await carryOut(file({ clients: [clientOf('app')], users: [userOf('alice')] }), { store, ...rest })
  const client = await store.clients.get('app')
  assert.deepEqual([client?.source, client?.disabled], ['file', false])
  const user = await store.users.byUsername('alice')
  assert.deepEqual([user?.source, user?.disabled, user?.claims], ['file', false, {}])
  assert.match(user?.subject ?? '', /^[\w-]{22,}$/)
})

test('what the file no longer declares is disabled, not forgotten', async () => {
  const given = ports()
  await carryOut(file({ clients: [clientOf('app')], users: [userOf('alice')] }), given)
  await carryOut(file({}), given)
  assert.equal((await given.store.clients.get('app'))?.disabled, true)
  assert.equal((await given.store.users.byUsername('alice'))?.disabled, true)
})

test('two processes that start at once agree on who the declared users are', async () => {
  const { store, ...rest } = ports()
  const declared = file({ users: [userOf('alice'), userOf('bob')] })
  // One looks, sees nobody, and writes only when the other has written.
  const lists = [[], undefined]
  const users = { ...store.users, list: async () => lists.shift() ?? store.users.list() }
  await carryOut(declared, { store, ...rest })
  const before = await store.users.list()
  await carryOut(declared, { store: { ...store, users }, ...rest })
  assert.deepEqual(await store.users.list(), before)
})

test('what the file changes is on record once, as done by it, and without the password', async () => {
  const given = ports()
  const declared = file({ clients: [clientOf('app')], users: [userOf('alice')] })
  await carryOut(declared, given)
  await carryOut(declared, given)
  await carryOut(file({ clients: [clientOf('app', 'Renamed')] }), given)
  const { audit, users } = given.store
  const { subject } = (await users.byUsername('alice')) ?? {}
  const records = await audit.read({ stream: 'trusted', after: 0, limit: 100 })
  const events = records.map(({ text }): Record<string, unknown> => JSON.parse(text))
  const by = 'the configuration file'
  const kind = 'administered'
  assert.deepEqual(
    events.map(({ id: _, at: __, ...event }) => event),
    [
      { kind, by, step: 'client-add', clientId: 'app', detail: 'declared' },
      { kind, by, step: 'user-add', subject, detail: 'declared' },
      { kind, by, step: 'client-add', clientId: 'app', detail: 'declared' },
      { kind, by, step: 'user-disable', subject, detail: 'no longer declared' },
    ],
  )
})

test('OIDC-15 a user who comes back into the file is the same subject as before', async () => {
  const given = ports()
  const config = file({ users: [userOf('alice')] })
  await carryOut(config, given)
  const before = await given.store.users.byUsername('alice')
  await carryOut(file({}), given)
  await carryOut(config, given)
  const after = await given.store.users.byUsername('alice')
  assert.deepEqual(after, before)
})

test('a change in the file is a change in the store, and no change is none', async () => {
  const given = ports()
  await carryOut(file({ clients: [clientOf('app')] }), given)
  given.clock.advance(60)
  await carryOut(file({ clients: [clientOf('app')] }), given)
  const untouched = await given.store.clients.get('app')
  assert.equal(untouched?.updatedAt, given.clock.now() - 60)
  await carryOut(file({ clients: [clientOf('app', 'Renamed')] }), given)
  assert.equal((await given.store.clients.get('app'))?.metadata['client_name'], 'Renamed')
})

test('what was added by command is left alone', async () => {
  const given = ports()
  const record: ClientRecord = {
    clientId: 'other',
    metadata: clientOf('other'),
    source: 'command',
    disabled: false,
    updatedAt: 1,
  }
  const user: User = {
    subject: 's',
    username: 'bob',
    passwordHash: password_hash,
    claims: {},
    source: 'command',
    disabled: false,
  }
  await given.store.clients.put(record)
  await given.store.users.put(user)
  await carryOut(file({ clients: [clientOf('app')], users: [userOf('alice')] }), given)
  assert.deepEqual(await given.store.clients.get('other'), record)
  assert.deepEqual(await given.store.users.byUsername('bob'), user)

  const clash = (error: unknown): boolean => {
    assert.ok(error instanceof DeclarationClash)
    assert.match(error.message, /(other|bob) of https:\/\/as\.example was added by command/)
    return true
  }
  await assert.rejects(carryOut(file({ clients: [clientOf('other')] }), given), clash)
  await assert.rejects(carryOut(file({ users: [userOf('bob')] }), given), clash)
  assert.deepEqual(await given.store.clients.get('other'), record)
})

test('what was added by command and disabled can be declared in the file', async () => {
  const given = ports()
  const written = { source: 'command', disabled: true } as const
  const metadata = clientOf('other')
  await given.store.clients.put({ clientId: 'other', metadata, updatedAt: 1, ...written })
  const user = { subject: 's', username: 'bob', passwordHash: password_hash, claims: {} }
  await given.store.users.put({ ...user, ...written })
  await carryOut(file({ clients: [clientOf('other')], users: [userOf('bob')] }), given)
  const client = await given.store.clients.get('other')
  assert.deepEqual([client?.source, client?.disabled], ['file', false])
  const bob = await given.store.users.byUsername('bob')
  assert.deepEqual([bob?.source, bob?.disabled, bob?.subject], ['file', false, 's'])
})

test('a file that declares somebody twice is refused', async () => {
  const twice = { message: /declared twice/ }
  await assert.rejects(carryOut(file({ clients: [clientOf('a'), clientOf('a')] }), ports()), twice)
  await assert.rejects(carryOut(file({ users: [userOf('a'), userOf('a')] }), ports()), twice)
})

test('SP-AS-03 a client that does not respect the profile stops the start, and nothing was written', async () => {
  const given = ports()
  const open = { ...clientOf('open'), token_endpoint_auth_method: 'none' }
  const config = file({ clients: [clientOf('app'), open] })
  await assert.rejects(carryOut(config, given), InvalidClient)
  assert.deepEqual(await given.store.clients.list(), [])
})

test('a password that is no Argon2id hash stops the start', async () => {
  const users = [{ username: 'alice', password_hash: 'hunter2' }]
  await assert.rejects(carryOut(file({ users }), ports()), TypeError)
})

test('BCP-16 a new password of the file, or a user it no longer declares, ends what the user had', async () => {
  for (const [users, ends] of [
    [[{ ...userOf('alice'), password_hash: `${password_hash.slice(0, -1)}A` }], true],
    [[], true],
    [[{ ...userOf('alice'), claims: { name: 'Alice' } }], false],
  ] as const) {
    const given = ports()
    const { store } = given
    await carryOut(file({ users: [userOf('alice')] }), given)
    const { subject = '' } = (await store.users.byUsername('alice')) ?? {}
    const { authorization } = sampleGrant()
    await store.sessions.put(sampleSession({ subject }))
    await store.grants.put(sampleGrant({ authorization: { ...authorization, subject } }))
    await carryOut(file({ users }), given)
    assert.equal((await store.sessions.get(sampleSession().digest)) === undefined, ends)
    assert.equal(await store.revocations.anyOf([sampleGrant().id]), ends)
  }
})

test('BCP-16 what a start that died has left of an old password ends with the next one, before the new password counts', async () => {
  const again = { ...userOf('alice'), password_hash: `${password_hash.slice(0, -1)}A` }
  for (const between of [[again], []]) {
    const given = ports()
    const { store } = given
    await carryOut(file({ users: [userOf('alice')] }), given)
    const { subject = '' } = (await store.users.byUsername('alice')) ?? {}
    const { digest } = sampleSession()
    await store.sessions.put(sampleSession({ subject }))

    const ofSubject = (): Promise<never> => Promise.reject(new Error('killed'))
    const dying = { ...store, sessions: { ...store.sessions, ofSubject } }
    await assert.rejects(carryOut(file({ users: between }), { ...given, store: dying }), /killed/)
    assert.equal((await store.users.byUsername('alice'))?.disabled, true)
    await carryOut(file({ users: [again] }), given)
    assert.equal(await store.sessions.get(digest), undefined)
    const { passwordHash, disabled } = (await store.users.byUsername('alice')) ?? {}
    assert.deepEqual([passwordHash, disabled], [again.password_hash, false])
  }
})
