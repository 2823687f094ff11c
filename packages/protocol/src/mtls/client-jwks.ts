import { decodeBase64 } from '../jose/base64url.ts'
import { importEach, type ImportedJwks } from '../jose/jwks.ts'
import { importPublicJwk, type VerificationKey } from '../jose/keys.ts'
import { isObject, UnusableKey } from '../jose/public-jwk.ts'
import { readCertificate, type ClientCertificate } from './certificate.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

/**
 * Reads the keys of a client as `importJwks` does, and the certificates it registered with them.
 *
 * @throws UnusableKey if it is no JWK set at all.
 * @see RFC 8705 §2.2.2, RFC 7517 §4.7
 */
export function importClientJwks(jwks: unknown): ImportedJwks {
  return importEach(jwks, importClientJwk)
}

function importClientJwk(jwk: unknown): VerificationKey {
  const key = importPublicJwk(jwk)
  const x5c: unknown = isObject(jwk) ? jwk['x5c'] : undefined
  if (x5c === undefined) return key
  const { thumbprint, keyThumbprint } = firstOf(x5c)
  if (keyThumbprint !== key.thumbprint)
    throw new UnusableKey('x5c has the certificate of another key')
  return { ...key, certificate: thumbprint }
}

function firstOf(x5c: unknown): ClientCertificate {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined
  const der = typeof first === 'string' ? decodeBase64(first) : undefined
  if (der === undefined) throw new UnusableKey('x5c does not begin with standard base64')
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof UnusableCertificate) throw new UnusableKey(`x5c is ${error.message}`)
    throw error
  }
}
