import { hash, X509Certificate, type KeyObject } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'
import { parsePublicJwk, thumbprint as jwkThumbprint } from '../jose/public-jwk.ts'
import { createRecent } from '../recent.ts'
import type { Seconds } from '../time.ts'
import {
  readAlternativeNames,
  readExtensions,
  readUse,
  type AlternativeNames,
  type CertificateUse,
} from './certificate-extensions.ts'
import { canonicalName, readName, type DistinguishedName } from './distinguished-name.ts'
import { isStrongKey, isStrongSignature } from './strength.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

/** A certificate that somebody showed. It was read, and nothing of it is believed yet. */
export interface ClientCertificate {
  /** SHA-256 of its DER, base64url: the `x5t#S256` of a confirmation. @see RFC 8705 §3.1 */
  readonly thumbprint: string
  readonly subject: DistinguishedName
  /** What every spelling of the subject comes to. */
  readonly canonicalSubject: string
  readonly issuer: DistinguishedName
  readonly names: AlternativeNames
  readonly notBefore: Seconds
  readonly notAfter: Seconds
  /** Undefined where it is a key of no kind we know. */
  readonly publicKey: KeyObject | undefined
  /** The JWK thumbprint of its public key, where that is RSA, P-256 or Ed25519. @see RFC 7638 */
  readonly keyThumbprint: string | undefined
  readonly use: CertificateUse
  /** Whether it was signed with a digest and an algorithm that hold today. */
  readonly isStronglySigned: boolean
  readonly der: Uint8Array
  readonly x509: X509Certificate
}

/**
 * Twice what certificates with many names have; those with the keys of a time to come have little less. To read so much takes
 * ten milliseconds, which a stranger may ask for.
 */
const LARGEST = 8192
const MOST_ATTRIBUTES = 100
const MOST_REMEMBERED = 1000

const remembered = createRecent<ClientCertificate>(MOST_REMEMBERED)

/** The SHA-256 thumbprint of a certificate, base64url. @see RFC 8705 §3.1 */
export function certificateThumbprint(der: Uint8Array): string {
  return hash('sha256', der, 'base64url')
}

/**
 * Reads a certificate. Whether it is to be trusted is another question.
 *
 * @param der the certificate and nothing after it.
 * @throws UnusableCertificate if it is no certificate in DER, too large, or has too many names.
 * @see RFC 5280 §4
 */
export function readCertificate(der: Uint8Array): ClientCertificate {
  if (der.length > LARGEST) throw new UnusableCertificate(`larger than ${LARGEST} bytes`)
  const thumbprint = certificateThumbprint(der)
  const known = remembered.find(thumbprint)
  if (known !== undefined) return known
  const certificate = readOrRefuse(der, thumbprint)
  remembered.remember(thumbprint, certificate)
  return certificate
}

/** Whether a certificate has a key that nobody computes. One that cannot be read has none. @see RFC 9325 §4.5 */
export function hasStrongKey(der: Uint8Array): boolean {
  try {
    const { publicKey } = readCertificate(der)
    return publicKey !== undefined && isStrongKey(publicKey)
  } catch (error) {
    if (error instanceof UnusableCertificate) return false
    throw error
  }
}

function readOrRefuse(der: Uint8Array, thumbprint: string): ClientCertificate {
  try {
    return read(der, thumbprint)
  } catch (error) {
    if (error instanceof UnusableCertificate) throw error
    throw new UnusableCertificate('not a certificate in DER', { cause: error })
  }
}

function read(der: Uint8Array, thumbprint: string): ClientCertificate {
  const x509 = new X509Certificate(der)
  // PEM, what stands behind a certificate, and other encodings of it are read above, and are not what was signed.
  if (!x509.raw.equals(der)) throw new UnusableCertificate('not DER')
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate)
  if ([...tbsCertificate.subject].flat().length > MOST_ATTRIBUTES) {
    throw new UnusableCertificate(`more than ${MOST_ATTRIBUTES} attributes in the subject`)
  }
  const extensions = readExtensions(tbsCertificate.extensions ?? [])
  const publicKey = publicKeyOf(x509)
  const subject = readName(tbsCertificate.subject)
  return {
    thumbprint,
    subject,
    canonicalSubject: canonicalName(subject),
    issuer: readName(tbsCertificate.issuer),
    names: readAlternativeNames(extensions, x509),
    notBefore: secondsOf(x509.validFrom, x509.validFromDate),
    notAfter: secondsOf(x509.validTo, x509.validToDate),
    publicKey,
    keyThumbprint: publicKey && thumbprintOf(publicKey),
    use: readUse(extensions),
    isStronglySigned: isStrongSignature(signatureAlgorithm),
    der: x509.raw,
    x509,
  }
}

/** Only the text tells a malformed time: Node makes a date of that as well, from whatever was in its memory. */
function secondsOf(text: string, date: Date): Seconds {
  if (!text.endsWith(' GMT')) throw new UnusableCertificate('its times are no times')
  return date.getTime() / 1000
}

function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey
  } catch {
    return undefined
  }
}

/** Undefined for keys that have no JWK, and for those that no token may be signed with. */
function thumbprintOf(key: KeyObject): string | undefined {
  try {
    return jwkThumbprint(parsePublicJwk(key.export({ format: 'jwk' })))
  } catch {
    return undefined
  }
}
