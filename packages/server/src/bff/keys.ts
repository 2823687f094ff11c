import { X509Certificate } from 'node:crypto'
import { readBytes, readPem, type Named } from '../config/files.ts'
import { InvalidConfig } from '../config/problems.ts'

const KEY_BYTES = 32

/** A private key of the client: one JWK. What is in it is not judged here, and never told. */
export function readClientKey(name: string, at: Named): object {
  const jwk = parsed(readBytes(name, at).toString())
  if (typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk) && !('keys' in jwk)) return jwk
  throw problem(at, 'holds no JWK (one private key, as JSON)')
}

/** A key that encrypts sessions: 32 bytes as they are, or in base64url with or without a line break. */
export function readSessionKey(name: string, at: Named): Uint8Array {
  const bytes = readBytes(name, at)
  if (bytes.length === KEY_BYTES) return bytes
  const text = bytes.toString().trim()
  if (/^[\w-]{43}=?$/.test(text)) return Buffer.from(text, 'base64url')
  throw problem(at, 'holds no key: 32 bytes, raw or in base64url')
}

/** The PEM of an authority. */
export function readAuthority(name: string, at: Named): string {
  const pem = readPem(name, at)
  if (isCertificate(pem)) return pem
  throw problem(at, 'holds no PEM certificate')
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problem({ path, setting }: Named, message: string): InvalidConfig {
  return new InvalidConfig(path, [`${setting}: ${message}`])
}
