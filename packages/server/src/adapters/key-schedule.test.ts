import type { KeyRecord } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KeyPolicy } from '../config/config.ts'
import { DEVICE_MAX_AGE } from '../login/known-device.ts'
import { rotate } from './key-rotation.ts'
import { nextRotation } from './key-schedule.ts'
import { openKeyRing, type KeyRing } from './keys.ts'

const DAY = 86_400
const policy: KeyPolicy = {
  announce: 600,
  retire: DAY,
  rotateEvery: 90 * DAY,
  rotateNoncesEvery: 30 * DAY,
}
const rings: KeyRing[] = []
after(() => {
  for (const ring of rings) ring.stop()
})

/** One store, and processes that come to it; what each of them has rotated. */
function cluster(given: KeyPolicy = policy) {
  const clock = fixedClock()
  const service = {
    issuer: 'https://as.example',
    signingAlgorithms: ['ES256', 'EdDSA'],
    requestObjectEncryption: ['ECDH-ES'],
  } as const
  const store = createMemoryStore(clock)
  const rotated: string[][] = []
  const open = async (change: Partial<typeof store> = {}): Promise<KeyRing> => {
    const ring = await openKeyRing({
      service,
      store: { ...store, ...change },
      clock,
      failed: (error) => assert.fail(String(error)),
      schedule: {
        policy: given,
        rotated: async (made) => void rotated.push(made.map(({ algorithm }) => algorithm)),
      },
    })
    rings.push(ring)
    return ring
  }
  const records = (): Promise<readonly KeyRecord[]> => store.keys.list()
  return { clock, store, open, rotated, records }
}

const kidOf = (ring: KeyRing): string | undefined => ring.signer('ES256')?.kid

test('before its time no key is replaced, and nobody is asked', async () => {
  const { clock, store, open, rotated } = cluster()
  await open()
  const quiet = await open({ replay: { first: () => assert.fail('a turn was taken') } })
  clock.advance(30 * DAY - 1)
  await quiet.reload()
  assert.deepEqual(rotated, [])
  assert.equal((await store.keys.list()).length, 4)
})

test('of processes whose time comes at once, one replaces the keys, and all follow without a restart', async () => {
  const { clock, open, rotated, records } = cluster()
  const nodes = [await open(), await open(), await open(), await open()]
  const old = kidOf(nodes[0] ?? assert.fail())
  clock.advance(90 * DAY)
  await Promise.all(nodes.map((node) => node.reload()))
  assert.deepEqual(
    rotated.map((made) => made.toSorted()),
    [['ECDH-ES', 'ES256', 'EdDSA', 'HMAC']],
  )
  assert.equal((await records()).length, 8)

  await Promise.all(nodes.map((node) => node.reload()))
  assert.deepEqual(new Set(nodes.map(kidOf)), new Set([old]), 'announced')
  assert.equal(new Set(nodes.map(({ jwks }) => jwks)).size, 1)
  clock.advance(policy.announce)
  const [fresh, ...others] = new Set(nodes.map(kidOf))
  assert.deepEqual(others, [])
  assert.notEqual(fresh, old)
  assert.ok(nodes.every(({ published }) => published.some(({ kid }) => kid === old)))
  clock.advance(policy.retire)
  assert.ok(
    nodes.every(({ published }) => published.every(({ kid }) => kid !== old)),
    'retired',
  )
})

test('a key goes round again and again, and the key set does not grow', async () => {
  const { clock, open, rotated } = cluster()
  const [ring, other] = [await open(), await open()]
  const seen = new Set<string | undefined>()
  for (let day = 0; day < 400; day++) {
    clock.advance(DAY)
    await ring.reload()
    await other.reload()
    seen.add(kidOf(ring))
    assert.ok(ring.published.length <= 4)
  }
  assert.equal(seen.size, 5)
  // They are looked at once a day here, and begin to sign a little later: so they are 31 days apart.
  assert.equal(rotated.filter((made) => made.includes('HMAC')).length, 12)
})

test('browsers stay known and nonces good when the nonce key is replaced by itself', async () => {
  const { clock, open, records } = cluster()
  const ring = await open()
  const [secret = assert.fail()] = ring.secrets('known device')
  clock.advance(30 * DAY)
  await ring.reload()
  clock.advance(policy.announce - 1)
  const nonce = ring.nonces.current()
  clock.advance(1)
  assert.ok(ring.nonces.policy.accepts(nonce))
  assert.notEqual(ring.nonces.current(), nonce)
  const secrets = ring.secrets('known device')
  assert.ok(!secrets[0]?.equals(secret) && secrets.some((each) => each.equals(secret)))
  const retiring = (await records()).find(({ retiresAt }) => retiresAt !== undefined)
  assert.equal(retiring?.retiresAt, clock.now() + DEVICE_MAX_AGE)
})

test('a key that was replaced by command is due a whole period later', async () => {
  const { clock, open, rotated, store } = cluster({
    announce: 600,
    retire: DAY,
    rotateEvery: 90 * DAY,
  })
  const ring = await open()
  clock.advance(80 * DAY)
  await rotate(store, { policy, now: clock.now() })
  clock.advance(20 * DAY)
  await ring.reload()
  assert.deepEqual(rotated, [])
})

test('without a schedule nothing is replaced', async () => {
  const { clock, open, rotated, records } = cluster({ announce: 600, retire: DAY })
  const ring = await open()
  clock.advance(3_650 * DAY)
  await ring.reload()
  assert.deepEqual(rotated, [])
  for (const record of await records())
    assert.equal(nextRotation(record, { announce: 1, retire: 1 }), Infinity)
})

test('what a process that died has half done, another one ends', async () => {
  const { clock, open, store, records } = cluster()
  const ring = await open()
  let left = 1
  const put: typeof store.keys.put = (record) =>
    left-- > 0 ? store.keys.put(record) : Promise.reject(new Error('killed'))
  const dying = await open({ keys: { ...store.keys, put } })
  clock.advance(90 * DAY)
  await assert.rejects(dying.reload(), /killed/)
  assert.equal((await records()).length, 5)
  clock.advance(20)
  await ring.reload()
  await ring.reload()
  const all = await records()
  assert.equal(all.length, 8, 'one successor for each kind')
  assert.equal(all.filter(({ retiresAt }) => retiresAt === undefined).length, 4)
})

test('when replay is away, keys stay as they are', async () => {
  const { clock, open, records } = cluster()
  await open()
  const cut = await open({ replay: { first: () => Promise.reject(new Error('away')) } })
  clock.advance(90 * DAY)
  await assert.rejects(cut.reload(), /away/)
  assert.equal((await records()).length, 4)
  assert.ok(kidOf(cut))
})
