import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { importDecryptionJwk } from './decryption-jwk.ts'
import type { DecryptionAlgorithm, DecryptionKey } from './decryption-key.ts'

const RSA_BITS = 2048

/** Makes a new key to be encrypted to. Takes some 100 ms for RSA: not for the path of a request. */
export function generateEncryptionKey(algorithm: DecryptionAlgorithm): DecryptionKey {
  return importDecryptionJwk(generate(algorithm).export({ format: 'jwk' }))
}

function generate(algorithm: DecryptionAlgorithm): KeyObject {
  switch (algorithm) {
    case 'RSA-OAEP-256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey
    case 'ECDH-ES':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  }
}
