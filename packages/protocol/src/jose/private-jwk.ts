import { createPrivateKey, type KeyObject } from 'node:crypto'
import { isAlgorithm } from './algorithms.ts'
import { describeSigningKey, verificationKeyOf } from './describe-signing-key.ts'
import { isObject, UnusableKey } from './public-jwk.ts'
import { signBytes } from './sign.ts'
import type { PublishedJwk, SigningKey } from './signing-key.ts'
import { verifyBytes } from './verify.ts'

/** What a key store keeps: a private key, its algorithm and its name. Secret, whole. */
export type PrivateJwk = Joined<PublishedJwk>

/** The members of both halves of a key. */
export type Joined<Published extends object> = Published & { readonly d: string } & Readonly<
    Record<string, unknown>
  >

export function exportPrivateJwk(key: SigningKey): PrivateJwk {
  return joinHalves(key)
}

interface Halves<Published extends object> {
  readonly privateKey: KeyObject
  readonly publicJwk: Published
}

/** A key as its owner keeps it: the members that are published, and the secret ones. */
export function joinHalves<Published extends object>(key: Halves<Published>): Joined<Published> {
  const { d, ...rest } = key.privateKey.export({ format: 'jwk' })
  if (d === undefined) throw new UnusableKey('the key has no private part')
  return { ...rest, ...key.publicJwk, d }
}

/**
 * Reads what `exportPrivateJwk` wrote.
 *
 * @throws UnusableKey if it is no private key of the profile, or its halves do not belong together.
 */
export function importPrivateJwk(jwk: unknown): SigningKey {
  if (!isObject(jwk)) throw new UnusableKey('the key is not a JSON object')
  const { alg, kid } = jwk
  if (!isAlgorithm(alg)) throw new UnusableKey('alg is missing or unknown')
  const key = describeSigningKey(privateKeyOf(jwk), alg)
  if (key.kid !== kid) throw new UnusableKey('kid is not the thumbprint of the key')
  const signature = signBytes(kid, key)
  if (!verifyBytes({ input: kid, signature, alg }, verificationKeyOf(key))) {
    throw new UnusableKey('the private and the public part do not belong together')
  }
  return key
}

/** @throws UnusableKey */
export function privateKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new UnusableKey('the members do not make a private key')
  }
}
