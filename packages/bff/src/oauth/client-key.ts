import {
  describeSigningKey,
  importPublicJwk,
  UnusableKey,
  type Algorithm,
  type SigningKey,
} from '@signet/protocol'
import { createPrivateKey, type KeyObject } from 'node:crypto'

type KeyParameters = Parameters<KeyObject['toCryptoKey']>[0]

/** How WebCrypto names what we sign with. */
const PARAMETERS: Readonly<Record<Algorithm, KeyParameters>> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
}

export interface ClientKey {
  readonly kid: string | undefined
  readonly alg: Algorithm
  readonly key: CryptoKey
  /** The same for what is not signed by `openid-client`; without a name of its own, named by its thumbprint. */
  readonly signing: SigningKey
}

/**
 * Reads the private key this client authenticates with.
 *
 * @throws UnusableKey
 * @see RFC 7523 §3
 */
export function importClientKey(jwk: object): ClientKey {
  const {
    d,
    p: _p,
    q: _q,
    dp: _dp,
    dq: _dq,
    qi: _qi,
    ...members
  } = { ...jwk } as Record<string, unknown>
  if (typeof d !== 'string') throw new UnusableKey('a key has no private part')
  const { key_ops: _operations, ...publicJwk } = members
  const { kid, algorithms } = importPublicJwk(publicJwk)
  const stated = algorithms.find((algorithm) => algorithm === members['alg'])
  const alg = stated ?? algorithms[0]
  if (alg === undefined) throw new UnusableKey('a key has no algorithm')
  const privateKey = privateKeyOf(jwk)
  const described = describeSigningKey(privateKey, alg)
  return {
    kid,
    alg,
    key: toCryptoKey(privateKey, PARAMETERS[alg]),
    signing: { ...described, kid: kid ?? described.kid },
  }
}

function privateKeyOf(jwk: object): KeyObject {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    throw new UnusableKey('the members do not make a private key')
  }
}

/** The two halves of a session's key as `openid-client` takes them. */
export function cryptoKeyPairOf(privateKey: KeyObject, publicKey: KeyObject): CryptoKeyPair {
  return {
    privateKey: toCryptoKey(privateKey, PARAMETERS.ES256),
    publicKey: toCryptoKey(publicKey, PARAMETERS.ES256),
  }
}

/** Private keys cannot be taken out again. */
function toCryptoKey(key: KeyObject, parameters: KeyParameters): CryptoKey {
  const isPublic = key.type === 'public'
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same thing at run time; Node lists usages that the DOM does not know yet
  return key.toCryptoKey(parameters, isPublic, [isPublic ? 'verify' : 'sign']) as CryptoKey
}
