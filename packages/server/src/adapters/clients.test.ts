import type { ClientRecord } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import {
  generateEncryptionKey,
  generateSigningKey,
  selectKeys,
  type SigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceOf } from '../testing/service.ts'
import { createClients } from './clients.ts'

const key = generateSigningKey('ES256')
const metadataWith = (signing: SigningKey): Record<string, unknown> => ({
  client_id: 'app',
  client_name: 'App',
  redirect_uris: ['https://app.example/cb'],
  jwks: { keys: [signing.publicJwk] },
})
const recordOf = (change: Partial<ClientRecord> = {}): ClientRecord => ({
  clientId: 'app',
  metadata: metadataWith(key),
  source: 'file',
  disabled: false,
  updatedAt: 0,
  ...change,
})

function registry() {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const said: string[] = []
  let fetches = 0
  const clients = createClients({
    service: serviceOf('https://as.example'),
    store,
    clock,
    fetch: () => {
      fetches += 1
      return Promise.resolve({ body: JSON.stringify({ keys: [key.publicJwk] }) })
    },
    fetched: (_, result) => void said.push(result),
    unusable: (clientId, { message }) => void said.push(`${clientId}: ${message}`),
  })
  return { clock, store, clients, said, fetches: () => fetches }
}
const wanted = { kid: key.kid, alg: 'ES256' }

test('a registered client is found with its keys', async () => {
  const { store, clients } = registry()
  await store.clients.put(recordOf())
  const client = await clients.find('app')
  assert.ok(client)
  assert.equal(client.name, 'App')
  assert.deepEqual(
    (await clients.keys(client, wanted)).map(({ kid }) => kid),
    [key.kid],
  )
})

test('a client unknown, or unknown by this spelling, is not found', async () => {
  const { store, clients } = registry()
  await store.clients.put(recordOf())
  for (const id of ['', 'APP', 'app ', '__proto__', 'constructor']) {
    assert.equal(await clients.find(id), undefined)
  }
})

test('PAR-13 a client disabled by another process is gone within five seconds', async () => {
  const { clock, store, clients } = registry()
  await store.clients.put(recordOf())
  await clients.find('app')
  await store.clients.put(recordOf({ disabled: true }))
  assert.ok(await clients.find('app'))
  clock.advance(5)
  assert.equal(await clients.find('app'), undefined)
})

test('a client registered by another process is found at once', async () => {
  const { store, clients } = registry()
  assert.equal(await clients.find('app'), undefined)
  await store.clients.put(recordOf())
  assert.ok(await clients.find('app'))
})

test('keys replaced by another process are the ones that count within five seconds', async () => {
  const { clock, store, clients } = registry()
  await store.clients.put(recordOf())
  await clients.find('app')
  const successor = generateSigningKey('ES256')
  await store.clients.put(recordOf({ metadata: metadataWith(successor) }))
  clock.advance(5)
  const client = await clients.find('app')
  assert.ok(client)
  const found = await clients.keys(client, { kid: successor.kid, alg: 'ES256' })
  assert.equal(found[0]?.thumbprint, successor.kid)
  assert.deepEqual(selectKeys(await clients.keys(client, wanted), wanted), [])
})

test('an unchanged client is parsed once, and the store is asked once in five seconds', async () => {
  const { clock, store, clients } = registry()
  await store.clients.put(recordOf())
  const first = await clients.find('app')
  clock.advance(60)
  assert.equal(await clients.find('app'), first)
})

test('a client that no longer respects the profile is none, and somebody is told why', async () => {
  const { store, clients, said } = registry()
  await store.clients.put(
    recordOf({ metadata: { ...metadataWith(key), token_endpoint_auth_method: 'none' } }),
  )
  assert.equal(await clients.find('app'), undefined)
  assert.match(said.join(), /app: .*SP-AS-03/s)
})

test('PKJ-13 what was fetched for a client outlives a change of its name', async () => {
  const { clock, store, clients, fetches } = registry()
  const { jwks: _, ...metadata } = metadataWith(key)
  const remote = { ...metadata, jwks_uri: 'https://app.example/jwks' }
  await store.clients.put(recordOf({ metadata: remote }))
  for (const client_name of ['App', 'Renamed']) {
    await store.clients.put(recordOf({ metadata: { ...remote, client_name } }))
    const client = await clients.find('app')
    assert.ok(client)
    assert.equal(client.name, client_name)
    assert.equal((await clients.keys(client, wanted)).length, 1)
    clock.advance(5)
  }
  assert.equal(fetches(), 1)
})

test('PKJ-13 requests that come at once, when nothing is known of the client yet, fetch its keys once', async () => {
  const { store, clients, fetches } = registry()
  const { jwks: _, ...metadata } = metadataWith(key)
  const remote = { ...metadata, jwks_uri: 'https://app.example/jwks' }
  await store.clients.put(recordOf({ metadata: remote }))
  const request = async (): Promise<void> => {
    const client = (await clients.find('app')) ?? assert.fail()
    assert.equal((await clients.keys(client, wanted)).length, 1)
  }
  await Promise.all(Array.from({ length: 20 }, request))
  assert.equal(fetches(), 1)
})

test('signature and encryption keys of one set are told apart', async () => {
  const { store, clients } = registry()
  const [rsa, ec] = [generateEncryptionKey('RSA-OAEP-256'), generateEncryptionKey('ECDH-ES')]
  const keys = [rsa.publicJwk, key.publicJwk, ec.publicJwk]
  await store.clients.put(recordOf({ metadata: { ...metadataWith(key), jwks: { keys } } }))
  const client = await clients.find('app')
  assert.ok(client)
  assert.deepEqual(
    (await clients.keys(client, wanted)).map(({ kid }) => kid),
    [key.kid],
  )
  assert.deepEqual(
    (await clients.encryptionKeys(client, 'ECDH-ES')).map(({ kid }) => kid),
    [rsa.kid, ec.kid],
  )
})

test('a client without encryption keys has none', async () => {
  const { store, clients } = registry()
  await store.clients.put(recordOf({ metadata: metadataWith(generateSigningKey('EdDSA')) }))
  const client = await clients.find('app')
  assert.ok(client)
  assert.deepEqual(await clients.encryptionKeys(client, 'ECDH-ES'), [])
})

test('a client that did not come from here has no keys', async () => {
  const one = registry()
  const other = registry()
  await one.store.clients.put(recordOf())
  const client = await one.clients.find('app')
  assert.ok(client)
  assert.deepEqual(await other.clients.keys(client, wanted), [])
  assert.deepEqual(await other.clients.encryptionKeys(client, 'ECDH-ES'), [])
})
