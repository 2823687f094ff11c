import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import {
  createNonces,
  generateEncryptionKey,
  generateSigningKey,
  verificationKeyOf,
  type Algorithm,
  type DecryptionAlgorithm,
  type DecryptionKey,
  type KeyManagement,
  type SigningKey,
} from '@signet/protocol'
import type { Service } from '../config.ts'
import type { Clock, Keys } from '../ports.ts'

// Made once: keys cost more than the tests that use them.
const signingKeys = new Map<Algorithm, SigningKey>()
const decryptionKeys = new Map<DecryptionAlgorithm, DecryptionKey>()

/** A key for each algorithm that a service signs with, or lets clients encrypt with. */
export function serviceKeys(
  { signingAlgorithms, requestObjectEncryption }: Service,
  clock: Clock,
): Keys {
  const keys = signingAlgorithms.map((algorithm) => {
    const key = signingKeys.get(algorithm) ?? generateSigningKey(algorithm)
    signingKeys.set(algorithm, key)
    return key
  })
  const nonces = createNonces({ key: Buffer.alloc(32, 7) })
  return {
    signer: (algorithm) =>
      keys.find((key) => key.algorithm === (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)),
    published: keys.map(verificationKeyOf),
    decryption: [...new Set(requestObjectEncryption.map(keyKind))].map(decryptionKey),
    jwks: JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    algorithms: signingAlgorithms,
    nonces: {
      current: () => nonces.current(clock.now()),
      policy: { accepts: (nonce) => nonces.accepts(nonce, clock.now()) },
    },
  }
}

/** The key itself that a stage signs with, for what only who has it can make. */
export function signingKeyOf(algorithm: Algorithm, keys: Keys): SigningKey {
  const signer = keys.signer(algorithm)
  assert.ok(signer !== undefined && 'privateKey' in signer)
  return signer
}

function keyKind(algorithm: KeyManagement): DecryptionAlgorithm {
  return algorithm === 'RSA-OAEP-256' ? algorithm : 'ECDH-ES'
}

function decryptionKey(algorithm: DecryptionAlgorithm): DecryptionKey {
  const key = decryptionKeys.get(algorithm) ?? generateEncryptionKey(algorithm)
  decryptionKeys.set(algorithm, key)
  return key
}
