import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as jose from 'jose'
import { decryptJwt } from './decrypt.ts'
import { exportDecryptionJwk, importDecryptionJwk } from './decryption-jwk.ts'
import type { DecryptionKey } from './decryption-key.ts'
import { encryptJwt } from './encrypt.ts'
import { CONTENT_ENCRYPTION, KEY_MANAGEMENT } from './encryption-algorithms.ts'
import { importEncryptionKeys } from './encryption-keys.ts'
import { generateEncryptionKey } from './generate-encryption-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { signJwt } from './sign.ts'
import { Undecryptable } from './undecryptable.ts'

const onCurve = (namedCurve: string): DecryptionKey =>
  importDecryptionJwk(
    generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }),
  )
const keys: Readonly<Record<string, DecryptionKey>> = {
  RSA: generateEncryptionKey('RSA-OAEP-256'),
  'P-256': generateEncryptionKey('ECDH-ES'),
  'P-384': onCurve('P-384'),
  'P-521': onCurve('P-521'),
  X25519: importDecryptionJwk(generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })),
}
const signer = generateSigningKey('ES256')
const claims = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
const reader = fc.constantFrom(...Object.values(keys))
const enc = fc.constantFrom(...CONTENT_ENCRYPTION)
const RUNS = { numRuns: 60 }

async function joseDecrypts(jwe: string, key: DecryptionKey): Promise<string | undefined> {
  try {
    const { plaintext } = await jose.compactDecrypt(jwe, { ...exportDecryptionJwk(key) })
    return Buffer.from(plaintext).toString()
  } catch {
    return undefined
  }
}

async function weDecrypt(jwe: string, key: DecryptionKey): Promise<string | undefined> {
  try {
    return await decryptJwt(jwe, [key])
  } catch (error) {
    assert.ok(error instanceof Undecryptable, String(error))
    return undefined
  }
}

for (const [title, key] of Object.entries(keys)) {
  test(`INT-08 to a key on ${title}: what we encrypt jose decrypts, and what it encrypts we decrypt`, async () => {
    const jwt = signJwt({}, { sub: title }, signer)
    const { publicJwk } = key
    for (const algorithm of key.algorithms) {
      for (const content of CONTENT_ENCRYPTION) {
        const header = { alg: algorithm, enc: content }
        const ours = await encryptJwt(jwt, {
          ...header,
          ...importEncryptionKeys({ keys: [publicJwk] }),
        })
        assert.equal(await joseDecrypts(ours, key), jwt)
        const theirs = await new jose.CompactEncrypt(Buffer.from(jwt))
          .setProtectedHeader({ ...header, kid: key.kid, cty: 'JWT' })
          .encrypt({ ...publicJwk })
        assert.equal(await weDecrypt(theirs, key), jwt)
      }
    }
  })
}

test('JAR-09 whatever is signed survives the way there and back, and jose reads the same', async () => {
  await fc.assert(
    fc.asyncProperty(reader, enc, claims, async (key, content, payload) => {
      const [algorithm] = key.algorithms.toReversed()
      assert.ok(algorithm)
      const jwt = signJwt({}, payload, signer)
      const request = { alg: algorithm, enc: content }
      const { keys: publicKeys } = importEncryptionKeys({ keys: [key.publicJwk] })
      const jwe = await encryptJwt(jwt, { ...request, keys: publicKeys })
      assert.equal(await weDecrypt(jwe, key), jwt)
      assert.equal(await joseDecrypts(jwe, key), jwt)
    }),
    RUNS,
  )
})

test('JWT-02 what jose refuses, we refuse: any character changed, left out or added', async () => {
  const edit = fc.record({
    at: fc.nat(700),
    cut: fc.constantFrom(0, 1),
    put: fc.constantFrom('', 'A', '_', '.', '=', ' ', '+'),
  })
  await fc.assert(
    fc.asyncProperty(reader, enc, edit, async (key, content, { at, cut, put }) => {
      const [algorithm] = key.algorithms
      assert.ok(algorithm)
      const jwt = signJwt({}, { sub: 'a' }, signer)
      const { keys: publicKeys } = importEncryptionKeys({ keys: [key.publicJwk] })
      const jwe = await encryptJwt(jwt, { alg: algorithm, enc: content, keys: publicKeys })
      const edited = jwe.slice(0, at) + put + jwe.slice(at + cut)
      const taken = await weDecrypt(edited, key)
      if ((await joseDecrypts(edited, key)) === undefined) assert.equal(taken, undefined)
      assert.equal(taken, edited === jwe ? jwt : undefined)
    }),
    { numRuns: 200 },
  )
})

test('JWT-01 no key decrypts what is for another one', async () => {
  for (const one of Object.values(keys)) {
    for (const other of Object.values(keys)) {
      const { publicJwk } = one
      const [algorithm] = one.algorithms
      assert.ok(algorithm)
      const request = { alg: algorithm, enc: 'A256GCM' } as const
      const jwt = signJwt({}, { sub: 'a' }, signer)
      const jwe = await encryptJwt(jwt, {
        ...request,
        ...importEncryptionKeys({ keys: [publicJwk] }),
      })
      assert.equal((await weDecrypt(jwe, other)) === jwt, one === other)
      assert.equal((await joseDecrypts(jwe, other)) === jwt, one === other)
    }
  }
})

test('JWT-01 keys that jose makes for these algorithms are keys to us', async () => {
  for (const algorithm of KEY_MANAGEMENT) {
    for (const crv of algorithm === 'RSA-OAEP-256' ? [''] : ['P-256', 'P-384', 'P-521', 'X25519']) {
      const pair = await jose.generateKeyPair(algorithm, { crv, extractable: true })
      const { keys: found } = importEncryptionKeys({ keys: [await jose.exportJWK(pair.publicKey)] })
      assert.ok(found[0]?.algorithms.includes(algorithm))
      const { algorithms } = importDecryptionJwk(await jose.exportJWK(pair.privateKey))
      assert.ok(algorithms.includes(algorithm))
    }
  }
})
