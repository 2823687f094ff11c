import type { KeyRecord } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import {
  decodeJwt,
  decryptJwt,
  encryptJwt,
  importEncryptionKeys,
  signJwt,
  verifySignature,
  type Algorithm,
  type KeyManagement,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KeyPolicy } from '../config/config.ts'
import { ensureKeys } from './key-records.ts'
import { rotate } from './key-rotation.ts'
import { openKeyRing, type KeyRing } from './keys.ts'

const clock = fixedClock()
const policy = { announce: 600, retire: 86_400 }
const rings: KeyRing[] = []

function keeping(...signingAlgorithms: readonly Algorithm[]) {
  return keepingFor(signingAlgorithms, [])
}

function keepingFor(
  signingAlgorithms: readonly Algorithm[],
  requestObjectEncryption: readonly KeyManagement[],
) {
  const issuer = 'https://as.example'
  const service = { issuer, signingAlgorithms, requestObjectEncryption }
  return { service, store: createMemoryStore(clock), clock }
}
type Keeping = ReturnType<typeof keepingFor>

function rotateKeys(
  { store }: Keeping,
  given: KeyPolicy,
  algorithm?: string,
): Promise<readonly KeyRecord[]> {
  return rotate(store, {
    policy: given,
    now: clock.now(),
    ...(algorithm !== undefined && { algorithm }),
  })
}

async function open(kept: Keeping): Promise<KeyRing> {
  const failed = (error: unknown): never => assert.fail(String(error))
  const ring = await openKeyRing({ ...kept, failed })
  rings.push(ring)
  return ring
}
test.after(() => {
  for (const ring of rings) ring.stop()
})

const kidsIn = (ring: KeyRing): readonly unknown[] => {
  const set: { keys: { kid: string }[] } = JSON.parse(ring.jwks)
  return set.keys.map(({ kid }) => kid)
}
const signerOf = (ring: KeyRing): string => ring.signer('ES256')?.kid ?? 'none'

test('a new service gets a key for each of its algorithms, and they survive a restart', async () => {
  const kept = keeping('PS256', 'ES256', 'EdDSA')
  const ring = await open(kept)
  assert.deepEqual(kidsIn(await open(kept)), kidsIn(ring))
  assert.equal(kidsIn(ring).length, 3)
  for (const algorithm of kept.service.signingAlgorithms) {
    const key = ring.signer(algorithm)
    assert.ok(key)
    const jwt = decodeJwt(await signJwt({}, { iss: 'me' }, key))
    assert.ok(ring.published.some((published) => verifySignature(jwt, published)))
  }
})

test('what is published holds no private member', async () => {
  const ring = await open(keeping('PS256', 'ES256', 'EdDSA'))
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) {
    assert.ok(!ring.jwks.includes(`"${member}":`), member)
  }
})

test('EdDSA and Ed25519 are one key, which is published for both: peers take none that names the other', async () => {
  const ring = await open(keeping('ES256', 'EdDSA'))
  const set: { keys: { kty: string; alg?: string }[] } = JSON.parse(ring.jwks)
  assert.deepEqual(
    set.keys.map(({ kty, alg }) => [kty, alg]),
    [
      ['EC', 'ES256'],
      ['OKP', undefined],
    ],
  )
})

test('EdDSA and Ed25519 are one key', async () => {
  const ring = await open(keeping('EdDSA', 'Ed25519'))
  assert.equal(kidsIn(ring).length, 1)
  assert.equal(ring.signer('EdDSA'), ring.signer('Ed25519'))
})

test('processes that start at once end up with the same keys', async () => {
  const kept = keeping('ES256')
  const opened = await Promise.all(Array.from({ length: 8 }, () => open(kept)))
  const sets = new Set(opened.map(({ jwks }) => jwks))
  assert.equal(sets.size, 1)
  assert.equal((await kept.store.keys.list()).length, 2)
})

test('a process that died while it made keys holds nobody up for long', async () => {
  const kept = keeping('ES256')
  const dying = {
    ...kept,
    store: {
      ...kept.store,
      keys: { ...kept.store.keys, put: () => Promise.reject(new Error('killed')) },
    },
  }
  await assert.rejects(ensureKeys(dying), /killed/)
  clock.advance(20)
  assert.equal(kidsIn(await open(kept)).length, 1)
})

test('OIDC-18 a new key is announced, then signs, and the old one stays as long as its signatures', async () => {
  const kept = keeping('ES256')
  const ring = await open(kept)
  const old = signerOf(ring)
  const [successor] = await rotateKeys(kept, policy, 'ES256')
  assert.ok(successor)
  await ring.reload()

  assert.equal(signerOf(ring), old, 'announced')
  assert.deepEqual(new Set(kidsIn(ring)), new Set([old, successor.kid]))

  clock.advance(600)
  assert.equal(signerOf(ring), successor.kid, 'signs')
  assert.deepEqual(new Set(kidsIn(ring)), new Set([old, successor.kid]))

  clock.advance(86_399)
  assert.ok(kidsIn(ring).includes(old))
  clock.advance(1)
  assert.deepEqual(kidsIn(ring), [successor.kid], 'retired')
  assert.deepEqual(
    ring.published.map(({ kid }) => kid),
    [successor.kid],
  )
})

test('OIDC-18 a second rotation during the first one retires nothing early', async () => {
  const kept = keeping('ES256')
  const ring = await open(kept)
  const old = signerOf(ring)
  await rotateKeys(kept, policy)
  clock.advance(300)
  await rotateKeys(kept, policy)
  await ring.reload()
  clock.advance(86_400 + 299)
  assert.ok(kidsIn(ring).includes(old))
})

test('OIDC-18 a key that was announced never signs once a later one has taken its place', async () => {
  const kept = keeping('ES256')
  const ring = await open(kept)
  await rotateKeys(kept, policy)
  clock.advance(60)
  const [successor] = await rotateKeys(kept, { ...policy, announce: 75 }, 'ES256')
  await ring.reload()
  clock.advance(75)
  for (const later of [0, 465, 1, 600, 80_000, 10_000]) {
    clock.advance(later)
    assert.equal(signerOf(ring), successor?.kid)
  }
  assert.deepEqual(kidsIn(ring), [successor?.kid])
})

test('what is to be void at once is so, also what retires anyway', async () => {
  const kept = keeping('ES256')
  const ring = await open(kept)
  await rotateKeys(kept, policy)
  await ring.reload()
  clock.advance(700)
  const nonce = ring.nonces.current()
  assert.equal(kidsIn(ring).length, 2)
  const made = await rotateKeys(kept, { announce: 0, retire: 1 })
  await ring.reload()
  clock.advance(1)
  assert.deepEqual(
    kidsIn(ring),
    made.filter(({ use }) => use === 'sig').map(({ kid }) => kid),
  )
  assert.ok(!ring.nonces.policy.accepts(nonce))
})

test('a rotation of one algorithm leaves the others alone', async () => {
  const kept = keeping('ES256', 'EdDSA')
  await ensureKeys(kept)
  const before = await kept.store.keys.list()
  const rotated = await rotateKeys(kept, policy, 'Ed25519')
  assert.deepEqual(
    rotated.map(({ algorithm }) => algorithm),
    ['EdDSA'],
  )
  const retiring = (await kept.store.keys.list()).filter(({ retiresAt }) => retiresAt !== undefined)
  assert.deepEqual(
    retiring.map(({ kid }) => kid),
    before.filter(({ algorithm }) => algorithm === 'EdDSA').map(({ kid }) => kid),
  )
  await assert.rejects(rotateKeys(kept, policy, 'PS256'), RangeError)
})

test('a nonce of before a rotation of the nonce key is still accepted, and one of another service is not', async () => {
  const kept = keeping('ES256')
  const ring = await open(kept)
  const nonce = ring.nonces.current()
  await rotateKeys(kept, policy, 'HMAC')
  await ring.reload()
  clock.advance(60)
  assert.ok(ring.nonces.policy.accepts(nonce))
  assert.ok(!(await open(keeping('ES256'))).nonces.policy.accepts(nonce))
})

test('a nonce made by a process that does not know the new key yet is accepted', async () => {
  const kept = keeping('ES256')
  const [behind, ahead] = [await open(kept), await open(kept)]
  clock.advance(1)
  await rotateKeys(kept, { announce: 0, retire: 60 }, 'HMAC')
  await ahead.reload()
  assert.notEqual(behind.nonces.current(), ahead.nonces.current())
  assert.ok(ahead.nonces.policy.accepts(behind.nonces.current()))
})

test('a key made by a process whose clock is ahead signs rather than none', async () => {
  const kept = keeping('ES256')
  const ahead = fixedClock(clock.now() + 30)
  await ensureKeys({ ...kept, clock: ahead })
  assert.notEqual(signerOf(await open(kept)), 'none')
})

test('the JWK set is made once for each set of keys', async () => {
  const ring = await open(keeping('ES256'))
  const { jwks, published } = ring
  clock.advance(1_000)
  await ring.reload()
  assert.equal(ring.jwks, jwks)
  assert.equal(ring.published, published)
})

test('secrets differ by purpose and service, and are the same in every process', async () => {
  const kept = keeping('ES256')
  const [one, other] = [await open(kept), await open(kept)]
  assert.deepEqual(one.secrets('a'), other.secrets('a'))
  assert.notDeepEqual(one.secrets('a'), one.secrets('b'))
  assert.notDeepEqual(one.secrets('a'), (await open(keeping('ES256'))).secrets('a'))
})

test('a key in the store that is damaged stops the start, not silently the signing', async () => {
  const kept = keeping('ES256')
  await ensureKeys(kept)
  const [key] = (await kept.store.keys.list()).filter(({ use }) => use === 'sig')
  const damaged: KeyRecord = { ...(key ?? assert.fail()), material: '{"kty":"EC"}' }
  await kept.store.keys.put(damaged)
  await assert.rejects(open(kept))
})

const EVERY: readonly KeyManagement[] = [
  'RSA-OAEP-256',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A256KW',
]

interface Published {
  readonly kid: string
  readonly kty: string
  readonly use: string
  readonly alg?: string
}

const encryptedTo = (ring: KeyRing): readonly Published[] => {
  const set: { keys: Published[] } = JSON.parse(ring.jwks)
  return set.keys.filter(({ use }) => use === 'enc')
}

/** What a client that knows this key set encrypts. */
function encrypting(jwks: string, alg: KeyManagement): Promise<string> {
  const { keys } = importEncryptionKeys(JSON.parse(jwks))
  return encryptJwt('a.b.c', { alg, enc: 'A256GCM', keys })
}

describe('JAR-09 keys to encrypt request objects to', () => {
  test('JAR-09 are none unless the service takes encrypted ones', async () => {
    const ring = await open(keeping('ES256'))
    assert.deepEqual(encryptedTo(ring), [])
    assert.deepEqual(ring.decryption, [])
  })

  test('JAR-09 are one for RSA and one for key agreement, whichever of it is taken', async () => {
    const kinds = async (...taken: readonly KeyManagement[]): Promise<readonly string[]> => {
      const ring = await open(keepingFor(['ES256'], taken))
      return encryptedTo(ring).map(({ kty }) => kty)
    }
    assert.deepEqual(await kinds('RSA-OAEP-256'), ['RSA'])
    assert.deepEqual(await kinds('ECDH-ES+A256KW'), ['EC'])
    assert.deepEqual(await kinds('ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'), ['EC'])
    assert.deepEqual(await kinds(...EVERY), ['RSA', 'EC'])
  })

  test('JAR-09 are published without their secrets, and decrypt what is encrypted to them', async () => {
    const ring = await open(keepingFor(['ES256', 'PS256'], EVERY))
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) {
      assert.ok(!ring.jwks.includes(`"${member}":`), member)
    }
    for (const alg of EVERY) {
      assert.equal(await decryptJwt(await encrypting(ring.jwks, alg), ring.decryption), 'a.b.c')
    }
  })

  test('JWT-09 sign nothing, and are never taken to verify a signature', async () => {
    const ring = await open(keepingFor(['ES256', 'PS256'], EVERY))
    const encryption = encryptedTo(ring).map(({ kid }) => kid)
    assert.equal(encryption.length, 2)
    for (const kid of encryption) {
      assert.ok(!ring.published.some((key) => key.kid === kid))
      assert.notEqual(ring.signer('ES256')?.kid, kid)
      assert.notEqual(ring.signer('PS256')?.kid, kid)
    }
  })

  test('JAR-09 are made when the service begins to take encrypted ones, and are the same in every process', async () => {
    const kept = keeping('ES256')
    const before = await open(kept)
    clock.advance(20)
    const service = { ...kept.service, requestObjectEncryption: EVERY }
    const opened = await Promise.all([1, 2, 3].map(() => open({ ...kept, service })))
    assert.equal(new Set(opened.map(({ jwks }) => jwks)).size, 1)
    assert.equal(encryptedTo(opened[0] ?? before).length, 2)
    await before.reload()
    assert.deepEqual(encryptedTo(before), [], 'a service that takes none offers none')
  })

  test('OIDC-18 a new one is offered in the place of the old one as soon as every process knows it', async () => {
    const kept = keepingFor(['ES256'], ['ECDH-ES'])
    const ring = await open(kept)
    const jwksBefore = ring.jwks
    const [old] = encryptedTo(ring)
    const [successor] = await rotateKeys(kept, policy, 'ECDH-ES+A256KW')
    assert.equal(successor?.use, 'enc')
    await ring.reload()
    assert.deepEqual(encryptedTo(ring), [old], 'another process may not know the new one yet')

    clock.advance(20)
    assert.deepEqual(
      encryptedTo(ring).map(({ kid }) => kid),
      [successor.kid],
    )
    assert.deepEqual(
      ring.decryption.map(({ kid }) => kid),
      [successor.kid, old?.kid],
    )
    const late = await encrypting(jwksBefore, 'ECDH-ES')
    assert.equal(await decryptJwt(late, ring.decryption), 'a.b.c', 'of a client that kept the set')
    clock.advance(86_399)
    assert.equal(await decryptJwt(late, ring.decryption), 'a.b.c')
    clock.advance(1)
    await assert.rejects(decryptJwt(late, ring.decryption))
  })

  test('OIDC-18 a process that has not seen a rotation and one that has decrypt for each other', async () => {
    const kept = keepingFor(['ES256'], ['RSA-OAEP-256'])
    const [behind, ahead] = [await open(kept), await open(kept)]
    await rotateKeys(kept, policy)
    await ahead.reload()
    const offered = await encrypting(ahead.jwks, 'RSA-OAEP-256')
    assert.equal(await decryptJwt(offered, behind.decryption), 'a.b.c')
    clock.advance(20)
    await behind.reload()
    const fromAhead = await encrypting(ahead.jwks, 'RSA-OAEP-256')
    assert.equal(await decryptJwt(fromAhead, behind.decryption), 'a.b.c')
  })

  test('a rotation at once offers the new one at once', async () => {
    const kept = keepingFor(['ES256'], ['ECDH-ES'])
    const ring = await open(kept)
    const [successor] = await rotateKeys(kept, { announce: 0, retire: 60 }, 'ECDH-ES')
    await ring.reload()
    assert.deepEqual(
      encryptedTo(ring).map(({ kid }) => kid),
      [successor?.kid],
    )
  })

  test('a rotation of the signing keys leaves them alone, and one of all does not', async () => {
    const kept = keepingFor(['ES256', 'PS256'], EVERY)
    await ensureKeys(kept)
    assert.deepEqual(
      (await rotateKeys(kept, policy, 'PS256')).map(({ use }) => use),
      ['sig'],
    )
    const all = await rotateKeys(kept, policy)
    assert.deepEqual(all.map(({ algorithm }) => algorithm).toSorted(), [
      'ECDH-ES',
      'ES256',
      'HMAC',
      'PS256',
      'RSA-OAEP-256',
    ])
  })
})
