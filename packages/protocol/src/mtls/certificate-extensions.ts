import type { X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  anyExtendedKeyUsage,
  BasicConstraints,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  type Extension,
} from '@peculiar/asn1-x509'
import { UnusableCertificate } from './unusable-certificate.ts'

/** The names of a certificate beside its subject, as it spells them. @see RFC 5280 §4.2.1.6 */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly uri: readonly string[]
  /** Dotted decimal, or hexadecimal groups. */
  readonly ip: readonly string[]
  readonly email: readonly string[]
}

/** What a certificate may be used for. What it says nothing of, it permits. @see RFC 5280 §4.2.1 */
export interface CertificateUse {
  /** Whether it is that of a certificate authority. */
  readonly isAuthority: boolean
  /** How many authorities may stand below this one. */
  readonly pathLength: number | undefined
  /** Whether its key may sign a TLS handshake. */
  readonly signs: boolean
  readonly authenticatesClients: boolean
  /** Object identifiers of extensions that limit its use in ways we do not follow. */
  readonly notFollowed: readonly string[]
}

type Extensions = ReadonlyMap<string, Extension>

const MOST_EXTENSIONS = 50
const MOST_NAMES = 100

const FOLLOWED: readonly string[] = [
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
]

/** @throws UnusableCertificate if there are too many, or one occurs twice. */
export function readExtensions(extensions: readonly Extension[]): Extensions {
  if (extensions.length > MOST_EXTENSIONS) {
    throw new UnusableCertificate(`more than ${MOST_EXTENSIONS} extensions`)
  }
  const byId = new Map(extensions.map((extension) => [extension.extnID, extension]))
  if (byId.size < extensions.length) throw new UnusableCertificate('an extension occurs twice')
  return byId
}

/**
 * @param x509 the same certificate, to count its names before they are read: OpenSSL is a hundred times as fast, and a stranger
 *   may show thousands of empty ones.
 * @throws Error if the extension is malformed or has too many names.
 */
export function readAlternativeNames(
  extensions: Extensions,
  { subjectAltName: listed }: Pick<X509Certificate, 'subjectAltName'>,
): AlternativeNames {
  if (!extensions.has(id_ce_subjectAltName)) return { dns: [], uri: [], ip: [], email: [] }
  if (listed === undefined) throw new UnusableCertificate('malformed in its names')
  // A comma within a name is escaped.
  if (listed.split(',').length > MOST_NAMES) {
    throw new UnusableCertificate(`more than ${MOST_NAMES} names`)
  }
  const names = [...(valueOf(extensions, id_ce_subjectAltName, SubjectAlternativeName) ?? [])]
  return {
    dns: names.map(({ dNSName }) => dNSName).filter(isName),
    uri: names.map(({ uniformResourceIdentifier }) => uniformResourceIdentifier).filter(isName),
    ip: names.map(({ iPAddress }) => iPAddress).filter(isName),
    email: names.map(({ rfc822Name }) => rfc822Name).filter(isName),
  }
}

function isName(name: string | undefined): name is string {
  return name !== undefined
}

/** @throws Error if an extension is malformed. */
export function readUse(extensions: Extensions): CertificateUse {
  const basic = valueOf(extensions, id_ce_basicConstraints, BasicConstraints)
  const usage = valueOf(extensions, id_ce_keyUsage, KeyUsage)?.toNumber()
  const purposes = valueOf(extensions, id_ce_extKeyUsage, ExtendedKeyUsage)
  return {
    isAuthority: basic?.cA ?? false,
    pathLength: basic?.pathLenConstraint,
    signs: usage === undefined || (usage & KeyUsageFlags.digitalSignature) !== 0,
    authenticatesClients:
      purposes === undefined ||
      purposes.includes(id_kp_clientAuth) ||
      purposes.includes(anyExtendedKeyUsage),
    notFollowed: [...extensions.values()].filter(isNotFollowed).map(({ extnID }) => extnID),
  }
}

/** A limit we do not follow is one we cannot keep to. Name constraints are one even where they are not critical. */
function isNotFollowed({ extnID, critical }: Extension): boolean {
  return extnID === id_ce_nameConstraints || (critical && !FOLLOWED.includes(extnID))
}

function valueOf<Value>(
  extensions: Extensions,
  id: string,
  type: new () => Value,
): Value | undefined {
  const extension = extensions.get(id)
  return extension && AsnConvert.parse(extension.extnValue, type)
}
