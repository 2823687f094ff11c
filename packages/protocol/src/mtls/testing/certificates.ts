import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import { webcrypto } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AttributeTypeAndValue,
  AttributeValue,
  Name,
  RelativeDistinguishedName,
} from '@peculiar/asn1-x509'
import * as x509 from '@peculiar/x509'
import type { Seconds } from '../../time.ts'
import { attributeType } from '../attribute-types.ts'

export const NOW: Seconds = 1_800_000_000

export type Algorithm =
  | (webcrypto.RsaHashedKeyGenParams & webcrypto.RsaPssParams)
  | (webcrypto.EcKeyGenParams & webcrypto.EcdsaParams)
  | { readonly name: 'Ed25519' }

export const ED25519: Algorithm = { name: 'Ed25519' }

/** Keys of a curve, signing with a digest. */
export const ec = (namedCurve = 'P-256', hash = 'SHA-256'): Algorithm => ({
  name: 'ECDSA',
  namedCurve,
  hash,
})

/** RSA keys of a size, signing with a digest. */
export const rsa = (
  modulusLength = 2048,
  hash = 'SHA-256',
  name = 'RSASSA-PKCS1-v1_5',
): Algorithm => ({
  name,
  hash,
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
  saltLength: 32,
})

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

export const authority = (pathLength?: number): x509.Extension =>
  new x509.BasicConstraintsExtension(true, pathLength, true)
export const noAuthority = (): x509.Extension =>
  new x509.BasicConstraintsExtension(false, undefined, true)
export const usage = (...flags: readonly (keyof typeof x509.KeyUsageFlags)[]): x509.Extension =>
  new x509.KeyUsagesExtension(
    flags.reduce((all, flag) => all | x509.KeyUsageFlags[flag], 0),
    true,
  )
export const purposes = (...oids: readonly string[]): x509.Extension =>
  new x509.ExtendedKeyUsageExtension([...oids])
export interface AlternativeName {
  readonly type: 'dns' | 'url' | 'ip' | 'email' | 'dn' | 'upn' | 'id'
  readonly value: string
}
export const named = (...names: readonly AlternativeName[]): x509.Extension =>
  new x509.SubjectAlternativeNameExtension([...names])
/** Whatever else: DER, or an empty SEQUENCE. */
export const extension = (
  oid: string,
  critical: boolean,
  der: Uint8Array = new Uint8Array([0x30, 0]),
): x509.Extension => new x509.Extension(oid, critical, Uint8Array.from(der))

/** One attribute or several, by their types; a text is a UTF8String. */
export type Relative = Readonly<Record<string, string | Partial<AttributeValue>>>

/** A name in the order of the certificate. */
function nameOf(relatives: readonly Relative[]): x509.Name {
  const name = relatives.map(
    (relative) =>
      new RelativeDistinguishedName(
        Object.entries(relative).map(
          ([type, value]) =>
            new AttributeTypeAndValue({
              type: attributeType(type) ?? type,
              value: new AttributeValue(typeof value === 'string' ? { utf8String: value } : value),
            }),
        ),
      ),
  )
  return new x509.Name(AsnConvert.serialize(new Name(name)))
}

/** A certificate of a test, with its keys. */
export interface Issued {
  readonly der: Uint8Array
  readonly pem: string
  readonly name: x509.Name
  readonly keys: webcrypto.CryptoKeyPair
  readonly algorithm: Algorithm
}

export interface Wish {
  readonly subject?: string | readonly Relative[]
  /** Itself, where there is none. */
  readonly issuer?: Issued
  readonly keys?: webcrypto.CryptoKeyPair
  readonly algorithm?: Algorithm
  /** How it is signed, where that is not as the issuer usually does. */
  readonly signing?: Algorithm
  readonly notBefore?: Seconds
  readonly notAfter?: Seconds
  readonly extensions?: readonly x509.Extension[]
}

export async function issue(wish: Wish = {}): Promise<Issued> {
  const { issuer, algorithm = ec(), notBefore = NOW - 3600, notAfter = NOW + 86_400 } = wish
  const keys = wish.keys ?? (await generateKeys(algorithm))
  const { subject = 'C=DE,O=Bank,CN=bank' } = wish
  const name = typeof subject === 'string' ? new x509.Name(subject) : nameOf(subject)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: issuer?.name ?? name,
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: wish.signing ?? issuer?.algorithm ?? algorithm,
    notBefore: dateOf(notBefore),
    notAfter: dateOf(notAfter),
    extensions: [...(wish.extensions ?? [])],
  })
  const der = new Uint8Array(certificate.rawData)
  return { der, pem: certificate.toString('pem'), name, keys, algorithm }
}

function dateOf(seconds: Seconds): Date {
  // oxlint-disable-next-line no-restricted-globals -- a given time, in the type of the generator
  return new Date(seconds * 1000)
}

async function generateKeys(algorithm: Algorithm): Promise<webcrypto.CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new Error('a secret, where a pair was asked for')
  return keys
}

/** Valid for a day before and after now, by the clock of the machine: at that TLS looks. */
export function validToday(): { readonly notBefore: Seconds; readonly notAfter: Seconds } {
  // oxlint-disable-next-line no-restricted-globals -- what a test shows in a handshake is judged by the real time
  const now = Math.floor(Date.now() / 1000)
  return { notBefore: now - 86_400, notAfter: now + 86_400 }
}

/** The private key of a certificate, PEM. */
export async function keyPem({ keys }: Issued): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return x509.PemConverter.encode(der, 'PRIVATE KEY')
}

/** The public key of a certificate as its owner would register it. */
export async function jwkOf({ keys }: Issued): Promise<object> {
  const { kty, crv, x, y, n, e } = await webcrypto.subtle.exportKey('jwk', keys.publicKey)
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  )
}
