import { importPublicJwk, type Algorithm } from '@signet/protocol'
import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto'
import { Misconfigured } from '../config/settings.ts'

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
  readonly key: webcrypto.CryptoKey
}

/**
 * Reads the private key this client authenticates with.
 *
 * @throws Misconfigured
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
  if (typeof d !== 'string') throw new Misconfigured('client.keys: a key has no private part')
  const { key_ops: _operations, ...publicJwk } = members
  const { kid, algorithms } = understood(publicJwk)
  const stated = algorithms.find((algorithm) => algorithm === members['alg'])
  const alg = stated ?? algorithms[0]
  if (alg === undefined) throw new Misconfigured('client.keys: a key has no algorithm')
  return { kid, alg, key: privateKeyOf(jwk).toCryptoKey(PARAMETERS[alg], false, ['sign']) }
}

function understood(publicJwk: object): ReturnType<typeof importPublicJwk> {
  try {
    return importPublicJwk(publicJwk)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unusable'
    throw new Misconfigured(`client.keys: ${reason}`, { cause: error })
  }
}

function privateKeyOf(jwk: object): KeyObject {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    throw new Misconfigured('client.keys: the members do not make a private key')
  }
}

/** The two halves of a session's key as `openid-client` takes them. */
export function cryptoKeyPairOf(
  privateKey: KeyObject,
  publicKey: KeyObject,
): webcrypto.CryptoKeyPair {
  return {
    privateKey: privateKey.toCryptoKey(PARAMETERS.ES256, false, ['sign']),
    publicKey: publicKey.toCryptoKey(PARAMETERS.ES256, true, ['verify']),
  }
}
