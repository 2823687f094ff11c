import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Algorithm } from './algorithms.ts'
import { describeSigningKey } from './describe-signing-key.ts'
import type { SigningKey } from './signing-key.ts'

const RSA_BITS = 2048

/** Makes a new key. Takes some 100 ms for PS256: not for the path of a request. */
export function generateSigningKey(algorithm: Algorithm): SigningKey {
  return describeSigningKey(generate(algorithm), algorithm)
}

function generate(algorithm: Algorithm): KeyObject {
  switch (algorithm) {
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    case 'EdDSA':
    case 'Ed25519':
      return generateKeyPairSync('ed25519').privateKey
  }
}
