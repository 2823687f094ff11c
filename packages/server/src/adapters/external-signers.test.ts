import { StoreUnavailable } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import {
  decodeJwt,
  generateSigningKey,
  signJwt,
  verifySignature,
  type Algorithm,
  type ExternalSigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { constants, sign } from 'node:crypto'
import { after, test } from 'node:test'
import { triedSigners, type ExternalSigners } from './external-signers.ts'
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
      /does not sign|the key is for/,
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
  let away = false
  const key = external('ES256')
  const flaky = {
    ...key,
    sign: (input: Uint8Array) => (away ? Promise.reject(new Error('no session')) : key.sign(input)),
  }
  const [tried = assert.fail()] = await triedSigners(async () => [flaky])()
  away = true
  await assert.rejects(async () => signJwt({}, {}, tried), StoreUnavailable)
})
