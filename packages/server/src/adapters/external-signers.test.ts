import { StoreUnavailable } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import {
  decodeJwt,
  generateSigningKey,
  signJwt,
  verificationKeyOf,
  verifySignature,
  type Algorithm,
  type ExternalSigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { constants, sign } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { triedSigners, type ExternalSigners } from './external-signers.ts'
import { rotate } from './key-rotation.ts'
import { openKeyRing, type KeyRing } from './keys.ts'

const DAY = 86_400
const policy = { announce: 600, retire: DAY, rotateEvery: 90 * DAY }
const rings: KeyRing[] = []
after(() => {
  for (const ring of rings) ring.stop()
})

/** A key as a security module has it; changed, if so, in what it tells. */
function external(
  algorithm: Algorithm,
  change: Partial<ExternalSigningKey> = {},
): ExternalSigningKey {
  const { privateKey, ...told } = generateSigningKey(algorithm)
  const hash = algorithm === 'EdDSA' || algorithm === 'Ed25519' ? null : 'sha256'
  const pss = algorithm === 'PS256' && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return {
    ...told,
    sign: async (input) =>
      sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363', ...pss }),
    ...change,
  }
}

function service() {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const open = async (signers?: ExternalSigners): Promise<KeyRing> => {
    const ring = await openKeyRing({
      service: {
        issuer: 'https://as.example',
        signingAlgorithms: ['ES256', 'PS256', 'EdDSA'],
        requestObjectEncryption: [],
      },
      store,
      clock,
      failed: (error) => assert.fail(String(error)),
      schedule: { policy, rotated: async () => {} },
      ...(signers && { signers: triedSigners(signers) }),
    })
    rings.push(ring)
    return ring
  }
  const made = async (): Promise<readonly string[]> =>
    (await store.keys.list()).map(({ algorithm }) => algorithm).toSorted()
  return { clock, store, open, made }
}

const jwksOf = (ring: KeyRing): readonly { kid: string }[] => JSON.parse(ring.jwks).keys

test('a key elsewhere signs and is published, and none for its algorithm is made here', async () => {
  for (const algorithm of ['ES256', 'PS256', 'EdDSA'] as const) {
    const key = external(algorithm)
    const { open, made } = service()
    const ring = await open(async () => [key])
    const signer = ring.signer(algorithm) ?? assert.fail()
    assert.equal(signer.kid, key.kid)
    const jwt = decodeJwt(await signJwt({}, { sub: 'a' }, signer))
    assert.ok(ring.published.some((published) => verifySignature(jwt, published)))
    assert.ok(jwksOf(ring).some(({ kid }) => kid === key.kid))
    assert.ok(!(await made()).includes(algorithm))
    assert.equal((await made()).length, 3)
  }
})

test('EdDSA and Ed25519 are one key elsewhere, too', async () => {
  const key = external('Ed25519')
  const ring = await service().open(async () => [key])
  assert.equal(ring.signer('EdDSA')?.kid, key.kid)
})

test('OIDC-18 a key here retires when one elsewhere takes its place, and is made again when that is gone', async () => {
  const { clock, open } = service()
  const own = (await open()).signer('ES256')?.kid ?? assert.fail()
  const key = external('ES256')
  clock.advance(60)
  const ring = await open(async () => [key])
  assert.equal(ring.signer('ES256')?.kid, key.kid)
  assert.ok(jwksOf(ring).some(({ kid }) => kid === own))
  clock.advance(DAY)
  assert.ok(!jwksOf(ring).some(({ kid }) => kid === own))

  const without = await open()
  assert.notEqual(without.signer('ES256')?.kid ?? assert.fail('none signs'), own)
})

test('a key here that was to retire is followed by another one when it has to go on', async () => {
  const { clock, open } = service()
  await open()
  const key = external('ES256')
  await open(async () => [key])
  const without = await open()
  clock.advance(60)
  await without.reload()
  clock.advance(2 * DAY)
  assert.ok(without.signer('ES256'))
})

test('the schedule leaves keys elsewhere to whoever has them', async () => {
  const { clock, open, made } = service()
  const key = external('ES256')
  const ring = await open(async () => [key])
  clock.advance(90 * DAY)
  await ring.reload()
  assert.equal(ring.signer('ES256')?.kid, key.kid)
  assert.ok(!(await made()).includes('ES256'))
  assert.equal((await made()).filter((algorithm) => algorithm === 'PS256').length, 2)
})

test('a key elsewhere is announced, then signs, then retires, as its program says', async () => {
  const { open } = service()
  const [old, fresh] = [external('ES256'), external('ES256')]
  let keys = [old]
  const ring = await open(async () => keys)
  const see = async (now: ExternalSigningKey[]): Promise<unknown> => {
    keys = now
    await ring.reload()
    const kids = jwksOf(ring).map(({ kid }) => kid)
    return [ring.signer('ES256')?.kid, kids.includes(old.kid), kids.includes(fresh.kid)]
  }
  assert.deepEqual(await see([old, fresh]), [old.kid, true, true])
  assert.deepEqual(await see([fresh, old]), [fresh.kid, true, true])
  assert.deepEqual(await see([fresh]), [fresh.kid, false, true])
  keys = []
  await assert.rejects(ring.reload(), /gone/)
  assert.equal(ring.signer('ES256')?.kid, fresh.kid)
})

const [one, other] = [generateSigningKey('ES256'), generateSigningKey('ES256')]
const BAD: Readonly<Record<string, Partial<ExternalSigningKey>>> = {
  'of another public key': { publicJwk: other.publicJwk },
  'that signs in DER': { sign: async (input) => sign('sha256', input, one.privateKey) },
  'that signs nothing': { sign: async () => new Uint8Array() },
  'of another algorithm': { algorithm: 'PS256' },
}
for (const [name, change] of Object.entries(BAD)) {
  test(`a signer ${name} stops the start`, async () => {
    const key = external('ES256', change)
    await assert.rejects(
      service().open(async () => [key]),
      /does not sign|of this EC key must be ES256/,
    )
  })
}

test('a private member is never published, whoever hands it over', async () => {
  const { publicJwk } = generateSigningKey('ES256')
  const secret = { ...publicJwk, d: 'a secret' }
  const key = external('ES256', { publicJwk: secret })
  await assert.rejects(
    service().open(async () => [key]),
    /private member d/,
  )
})

test('a signer that fails is like a store that is away', async () => {
  const { tried, answer } = await changing()
  answer(() => Promise.reject(new Error('no session')))
  await assert.rejects(async () => signJwt({}, {}, tried), StoreUnavailable)
})

describe('a signer that does not answer', () => {
  const never = (): Promise<never> => new Promise(() => {})
  const isAway = (error: unknown): boolean =>
    error instanceof StoreUnavailable && /does not answer/.test(error.message)

  test('is waited for so long and no longer, and asked again', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { key, tried, answer } = await changing()
    answer(never)
    const first = settledOf(signJwt({}, {}, tried))
    await turn()
    t.mock.timers.tick(4_999)
    await turn()
    assert.equal(first.outcome, undefined)
    t.mock.timers.tick(1)
    await turn()
    assert.ok(isAway(first.outcome))

    answer()
    const jwt = decodeJwt(await signJwt({}, {}, tried))
    assert.ok(verifySignature(jwt, verificationKeyOf(key)))
  })

  test('may answer later or fail later: nobody hears it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { key, tried, answer } = await changing()
    const late = Promise.withResolvers<Uint8Array>()
    const worse = Promise.withResolvers<Uint8Array>()
    const given = []
    for (const { promise } of [late, worse]) {
      answer(() => promise)
      given.push(settledOf(signJwt({}, {}, tried)))
      await turn()
    }
    t.mock.timers.tick(5_000)
    await turn()
    assert.ok(given.every(({ outcome }) => isAway(outcome)))
    late.resolve(new Uint8Array(64))
    worse.reject(new Error('at last'))
    await turn()
    answer()
    const jwt = decodeJwt(await signJwt({}, {}, tried))
    assert.ok(verifySignature(jwt, verificationKeyOf(key)))
  })

  test('stops the start, and so does one that does not tell its keys', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (const signers of [async () => [external('ES256', { sign: never })], never]) {
      const opening = settledOf(service().open(signers))
      await turn()
      t.mock.timers.tick(5_000)
      await turn()
      assert.ok(isAway(opening.outcome))
    }
  })

  test('keeps no process from the keys that others put into the store', async () => {
    const { clock, store, open } = service()
    let away = false
    const key = external('ES256')
    const failing = async (): Promise<readonly ExternalSigningKey[]> =>
      away ? Promise.reject(new Error('no session')) : [key]
    const ring = await open(failing)
    away = true
    const made = await rotate(store, { policy: { announce: 0, retire: DAY }, now: clock.now() })
    await assert.rejects(ring.reload(), StoreUnavailable)
    const fresh = made.find(({ algorithm }) => algorithm === 'PS256') ?? assert.fail()
    assert.equal(ring.signer('PS256')?.kid, fresh.kid)
    assert.equal(ring.signer('ES256')?.kid, key.kid)
  })
})

const GARBAGE: Readonly<Record<string, unknown>> = {
  undefined,
  nothing: new Uint8Array(),
  zeros: new Uint8Array(64),
  'too much': new Uint8Array(1_000_000),
}
for (const [name, garbage] of Object.entries(GARBAGE)) {
  test(`a signer that answers ${name} later on gives no token`, async () => {
    const { tried, answer } = await changing()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing types what a driver answers
    answer(async () => garbage as Uint8Array)
    await assert.rejects(async () => signJwt({}, {}, tried), StoreUnavailable)
    answer()
    assert.ok(await signJwt({}, {}, tried))
  })
}

test('a signature is of what it was asked for, and not of something before', async () => {
  const key = external('ES256')
  const replayed: { signature?: Promise<Uint8Array> } = {}
  const [tried = assert.fail()] = await triedSigners(async () => [
    { ...key, sign: (input) => (replayed.signature ??= key.sign(input)) },
  ])()
  await assert.rejects(async () => signJwt({}, { sub: 'b' }, tried), StoreUnavailable)
})

test('a signer that throws instead of answering is one that fails', async () => {
  const { tried, answer } = await changing()
  answer(() => assert.fail('no session'))
  await assert.rejects(async () => signJwt({}, {}, tried), StoreUnavailable)
})

/** A key that was tried, and what changes its answers; without an argument it answers as it should again. */
async function changing() {
  const key = external('ES256')
  let instead: ((input: Uint8Array) => Promise<Uint8Array>) | undefined
  const changed: ExternalSigningKey = {
    ...key,
    sign: (input) => (instead === undefined ? key.sign(input) : instead(input)),
  }
  const [tried = assert.fail()] = await triedSigners(async () => [changed])()
  return { key, tried, answer: (as?: typeof instead) => void (instead = as) }
}

/** What a promise has come to so far. */
function settledOf(promise: unknown): { outcome: unknown } {
  const settled: { outcome: unknown } = { outcome: undefined }
  Promise.resolve(promise).then(
    (value) => void (settled.outcome = value),
    (error: unknown) => void (settled.outcome = error),
  )
  return settled
}

/** Lets everything happen that waits for nothing. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
