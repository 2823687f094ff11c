import { createRecent } from '../recent.ts'
import type { ClientCertificate } from './certificate.ts'
import {
  canonicalName,
  distinguishedNameProblem,
  parseDistinguishedName,
} from './distinguished-name.ts'

/** Which name of a certificate a client is known by. @see RFC 8705 §2.1.2 */
export type CertificateNameField =
  | 'tls_client_auth_subject_dn'
  | 'tls_client_auth_san_dns'
  | 'tls_client_auth_san_uri'
  | 'tls_client_auth_san_ip'
  | 'tls_client_auth_san_email'

/** The name a client registered. Of several values any fits, so that a certificate can be renewed under another name. */
export interface CertificateName {
  readonly field: CertificateNameField
  readonly values: readonly string[]
}

/** How a client proves by certificate who it is. @see RFC 8705 §2 */
export type CertificateAuthentication =
  | { readonly method: 'tls_client_auth'; readonly name: CertificateName }
  | { readonly method: 'self_signed_tls_client_auth' }

/** A spelling that two names share exactly if they are the same; undefined for what is no name of its kind. */
type Canonical = string | undefined

interface NameKind {
  /** What a value must be. */
  readonly wanted: string
  readonly canonical: (value: string) => Canonical
  readonly of: (certificate: ClientCertificate) => readonly Canonical[]
}

const LONGEST = 2048

const KINDS: Readonly<Record<CertificateNameField, NameKind>> = {
  tls_client_auth_subject_dn: {
    wanted: 'a distinguished name',
    canonical: rememberedSubject,
    of: ({ canonicalSubject }) => [canonicalSubject],
  },
  tls_client_auth_san_dns: {
    wanted: 'the DNS name of a host, without wildcard',
    canonical: canonicalHost,
    of: ({ names }) => names.dns.map(canonicalHost),
  },
  tls_client_auth_san_uri: {
    wanted: 'an absolute URI',
    canonical: canonicalUri,
    of: ({ names }) => names.uri.map(canonicalUri),
  },
  tls_client_auth_san_ip: {
    wanted: 'an address of IPv4 or IPv6',
    canonical: canonicalAddress,
    of: ({ names }) => names.ip.map(canonicalAddress),
  },
  tls_client_auth_san_email: {
    wanted: 'an email address',
    canonical: canonicalMailbox,
    of: ({ names }) => names.email.map(canonicalMailbox),
  },
}

/** Why a client cannot be known by a name; undefined if it can. */
export function certificateNameProblem(
  field: CertificateNameField,
  value: string,
): string | undefined {
  const { wanted, canonical } = KINDS[field]
  if (value.length <= LONGEST && canonical(value) !== undefined) return undefined
  const problem =
    field === 'tls_client_auth_subject_dn' ? distinguishedNameProblem(value) : undefined
  return `must be ${wanted}${problem === undefined ? '' : `: ${problem}`}`
}

/** Whether a certificate has the registered name: that one, as a whole. @see RFC 8705 §2.1.2 */
export function hasName(
  certificate: ClientCertificate,
  { field, values }: CertificateName,
): boolean {
  const { canonical, of } = KINDS[field]
  const names = of(certificate)
  return values.map(canonical).some((wanted) => wanted !== undefined && names.includes(wanted))
}

const MOST_REMEMBERED = 1000
const remembered = createRecent<{ readonly canonical: Canonical }>(MOST_REMEMBERED)

/** To read a name costs as much as to verify a signature, and the names of clients come again with each request. */
function rememberedSubject(value: string): Canonical {
  const known = remembered.find(value)
  if (known !== undefined) return known.canonical
  const name = parseDistinguishedName(value)
  const canonical = typeof name === 'string' ? undefined : canonicalName(name)
  remembered.remember(value, { canonical })
  return canonical
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** The last label of a host has a letter, or it would be an address. */
const HOST = new RegExp(String.raw`^(?=.{1,253}$)(?:${LABEL}\.)*(?!\d+$)${LABEL}$`, 'i')

function canonicalHost(value: string): Canonical {
  return HOST.test(value) ? value.toLowerCase() : undefined
}

const URI = /^[A-Za-z][A-Za-z\d+.-]*:[\x21-\x7E]+$/

function canonicalUri(value: string): Canonical {
  return URI.test(value) && URL.canParse(value) ? value : undefined
}

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const IPV4 = new RegExp(String.raw`^(?:${OCTET}\.){3}${OCTET}$`)
const IPV6 = /^[\dA-Fa-f:]*:[\dA-Fa-f:.]*$/

function canonicalAddress(value: string): Canonical {
  if (IPV4.test(value)) return value
  const url = `https://[${value}]`
  return IPV6.test(value) && URL.canParse(url) ? new URL(url).hostname : undefined
}

const MAILBOX = /^(?<local>[\w!#$%&'*+/=?^`{|}~.-]{1,64})@(?<domain>[^@]+)$/

/** Only the domain is the same in any case. @see RFC 5280 §7.5 */
function canonicalMailbox(value: string): Canonical {
  const { local = '', domain = '' } = MAILBOX.exec(value)?.groups ?? {}
  const host = canonicalHost(domain)
  return host && `${local}@${host}`
}
