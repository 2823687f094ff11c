import type { KeyRecord, KeyRecords } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import { createSeal, sealKeyName } from '@signet/protocol'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { newKey } from './key-records.ts'
import { MasterKeyRefused, sealAnew, sealedBy, sealedKeys, type Sealing } from './sealed-keys.ts'

const clock = fixedClock()
const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const sealing: Sealing = { issuer: 'https://as.example', masterKeys: [first] }
const kinds = ['ES256', 'ECDH-ES', 'HMAC'] as const

/** What is in the store, and the same through the seal. */
function keeping(given: Sealing = sealing) {
  const raw = createMemoryStore(clock).keys
  return { raw, sealed: sealedKeys(raw, given) }
}

async function filled(): Promise<{ raw: KeyRecords; made: readonly KeyRecord[] }> {
  const { raw, sealed } = keeping()
  const made = kinds.map((kind) => newKey(kind, clock.now()))
  for (const key of made) await sealed.put(key)
  return { raw, made }
}

const byKid = (records: readonly KeyRecord[]): readonly KeyRecord[] =>
  records.toSorted((a, b) => (a.kid < b.kid ? -1 : 1))

test('a key comes back as it was put, and nothing of it is in the store', async () => {
  const { raw, made } = await filled()
  assert.deepEqual(byKid(await sealedKeys(raw, sealing).list()), byKid(made))
  const kept = JSON.stringify(await raw.list())
  for (const { material } of made) {
    const jwk: Readonly<Record<string, string>> = JSON.parse(material)
    const secret = jwk['d'] ?? jwk['k'] ?? assert.fail()
    assert.ok(!kept.includes(secret))
    assert.ok(!kept.includes(Buffer.from(secret).toString('base64url')))
  }
})

test('a key never looks the same twice', async () => {
  const { raw, sealed } = keeping()
  const key = newKey('ES256', clock.now())
  await sealed.put(key)
  const [before] = await raw.list()
  await sealed.put(key)
  assert.notEqual((await raw.list())[0]?.material, before?.material)
})

const MOVED: Readonly<Record<string, Partial<KeyRecord>>> = {
  'under another name': { kid: 'other' },
  'for another use': { use: 'sig' },
  'for another algorithm': { algorithm: 'ECDH-ES' },
  'to when it was not made': { createdAt: clock.now() - 1 },
  'to when it does not sign': { signsFrom: clock.now() + 1 },
  'to another end': { retiresAt: clock.now() + 2 },
}
for (const [name, change] of Object.entries(MOVED)) {
  test(`a key that was moved in the store, ${name}, does not open`, async () => {
    const { raw, sealed } = keeping()
    await sealed.put(newKey('HMAC', clock.now()))
    const [record = assert.fail()] = await raw.list()
    const target = createMemoryStore(clock).keys
    await target.put({ ...record, ...change })
    await assert.rejects(sealedKeys(target, sealing).list(), /altered, or belongs elsewhere/)
  })
}

test('a key of another service does not open', async () => {
  const { raw } = await filled()
  const other = sealedKeys(raw, { ...sealing, issuer: 'https://b.example' })
  await assert.rejects(other.list(), MasterKeyRefused)
})

test('a key that was altered does not open', async () => {
  const { raw, sealed } = keeping()
  await sealed.put(newKey('ES256', clock.now()))
  const [record = assert.fail()] = await raw.list()
  const at = record.material.length - 10
  const other = record.material[at] === 'A' ? 'B' : 'A'
  const material = record.material.slice(0, at) + other + record.material.slice(at + 1)
  await raw.put({ ...record, material })
  await assert.rejects(sealed.list(), /altered/)
})

test('without its master key a key does not open, and it is said which one is wanted', async () => {
  const { raw, sealed } = keeping()
  const key = newKey('ES256', clock.now())
  await sealed.put(key)
  const list = sealedKeys(raw, { ...sealing, masterKeys: [second] }).list()
  await assert.rejects(list, (error: unknown) => {
    assert.ok(error instanceof MasterKeyRefused)
    for (const part of [sealing.issuer, key.kid, sealKeyName(first), sealKeyName(second)]) {
      assert.ok(error.message.includes(part), error.message)
    }
    for (const masterKey of [first, second]) {
      assert.ok(!error.message.includes(masterKey.toString('base64url')))
    }
    return true
  })
})

test('without any master key nothing is kept, and it is said how to make one', () => {
  for (const masterKeys of [undefined, []]) {
    assert.throws(() => keeping({ ...sealing, masterKeys }), /signet keys master > master\.key/)
  }
})

test('a key that retires goes on to, whoever would have it back', async () => {
  const { raw, sealed } = keeping()
  await sealed.put({ ...newKey('ES256', clock.now()), retiresAt: clock.now() + 60 })
  const [{ retiresAt: _, ...forever } = assert.fail()] = await raw.list()
  await raw.put(forever)
  await assert.rejects(sealed.list(), /altered, or belongs elsewhere/)
})

test('a key that is not sealed is refused: whoever can write to the store could have planted it', async () => {
  const { raw } = await filled()
  const planted = newKey('ES256', clock.now() + 1)
  await raw.put(planted)
  const before = await raw.list()
  for (const attempt of [sealedKeys(raw, sealing).list(), sealAnew(raw, sealing)]) {
    await assert.rejects(
      attempt,
      (error) =>
        error instanceof MasterKeyRefused &&
        error.message.includes(`The key ${planted.kid} of ${sealing.issuer} is not sealed.`) &&
        !error.message.includes(planted.material),
    )
  }
  assert.deepEqual(await raw.list(), before)
})

test('what a version of before left unsealed is sealed by whoever says that it did', async () => {
  const { raw, sealed } = keeping()
  const key = newKey('ES256', clock.now())
  await raw.put(key)
  assert.equal(await sealAnew(raw, sealing, { unsealed: true }), 1)
  assert.deepEqual((await raw.list()).map(sealedBy), [sealKeyName(first)])
  assert.deepEqual(await sealed.list(), [key])
  assert.equal(await sealAnew(raw, sealing, { unsealed: true }), 0)
})

test('what a version of before sealed without its times is refused, and bound to them by whoever says that it did', async () => {
  const { raw, sealed } = keeping()
  const key = newKey('ES256', clock.now())
  const { kid, use, algorithm } = key
  const seal = createSeal({ keys: [first], random: randomBytes })
  const owner = JSON.stringify([sealing.issuer, kid, use, algorithm])
  await raw.put({ ...key, material: `sealed-1:${seal.close(key.material, owner)}` })
  await assert.rejects(sealed.list(), /an earlier version.*signet keys reseal --unsealed/)
  await assert.rejects(sealAnew(raw, sealing), MasterKeyRefused)
  assert.equal(await sealAnew(raw, sealing, { unsealed: true }), 1)
  assert.deepEqual(await sealed.list(), [key])
  const [kept] = await raw.list()
  await raw.put({ ...(kept ?? key), kid: 'other', material: `sealed-1:${seal.close('{}', owner)}` })
  await assert.rejects(sealAnew(raw, sealing, { unsealed: true }), MasterKeyRefused)
})

test('a new master key in front seals, the old one goes on opening until all is sealed anew', async () => {
  const { raw, made } = await filled()
  const both = { ...sealing, masterKeys: [second, first] }
  await sealedKeys(raw, both).put(newKey('HMAC', clock.now()))
  assert.equal(await sealAnew(raw, both), made.length)
  assert.deepEqual(new Set((await raw.list()).map(sealedBy)), new Set([sealKeyName(second)]))
  const after = await sealedKeys(raw, { ...sealing, masterKeys: [second] }).list()
  assert.equal(after.length, made.length + 1)
})

test('nothing is sealed anew while there is a key that does not open', async () => {
  const { raw } = await filled()
  const before = await raw.list()
  const only = { ...sealing, masterKeys: [second] }
  await raw.put(newKey('HMAC', clock.now()))
  await assert.rejects(sealAnew(raw, only, { unsealed: true }), MasterKeyRefused)
  const kept = await raw.list()
  for (const record of before) assert.ok(kept.some(({ material }) => material === record.material))
  assert.equal(kept.filter((record) => sealedBy(record) === undefined).length, 1)
})
