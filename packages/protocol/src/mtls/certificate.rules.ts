import type { VerificationKey } from '../jose/keys.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { offset, type Seconds } from '../time.ts'
import { hasName, type CertificateName } from './certificate-name.ts'
import type { ClientCertificate } from './certificate.ts'
import { describeName } from './distinguished-name.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

const MISSING: Refusal = refusal('invalid_client', 'a client certificate is required')

/** Whatever is wrong with a certificate: a stranger must not learn what would be right. */
const FAILED: Refusal = refusal('invalid_client', 'client authentication failed')

/** What the connection of a client showed. */
export interface PresentedCertificate {
  /** Undefined where it showed none. */
  readonly certificate: ClientCertificate | UnusableCertificate | undefined
}

export interface ReadCertificate extends PresentedCertificate {
  readonly certificate: ClientCertificate
}

/** Read beside RFC 8705 §2, §7.5. */
export const presentedCertificateRules: Rules<PresentedCertificate, ReadCertificate> = [
  {
    id: 'MTLS-01',
    reason: 'client_certificate_missing',
    says: 'authenticates no client by certificate that shows none',
    holds: ({ certificate }) => certificate !== undefined,
    otherwise: MISSING,
    expected: () => 'a certificate on the TLS connection',
    received: () => 'none',
    remedy:
      'Send the request to an endpoint of mtls_endpoint_aliases, with the certificate of the client. Behind a proxy, see that it asks for one, and that proxies lists its address and its header.',
  },
  {
    id: 'MTLS-12',
    reason: 'client_certificate_unreadable',
    says: 'takes well-formed certificates of moderate size only',
    holds: ({ certificate }) => !(certificate instanceof UnusableCertificate),
    otherwise: FAILED,
    expected: () => 'an X.509 certificate in DER',
    received: ({ certificate }) =>
      certificate instanceof UnusableCertificate ? `what is ${certificate.message}` : 'one',
    remedy: 'Have the certificate of the client issued anew.',
  },
]

/** A certificate at a time. */
export interface TimedCertificate {
  readonly certificate: ClientCertificate
  readonly now: Seconds
}

/** Read beside RFC 5280 §4.1.2.5. */
export const certificateValidityRules: Rules<TimedCertificate, TimedCertificate> = [
  {
    id: 'MTLS-01',
    reason: 'client_certificate_not_valid_now',
    says: 'authenticates no client by a certificate that has expired or is not valid yet',
    holds: ({ certificate: { notBefore, notAfter }, now }) => notBefore <= now && now <= notAfter,
    otherwise: FAILED,
    expected: ({ now }) => `a certificate that is valid at ${now}, the time of the server`,
    received: described,
    remedy: 'Renew the certificate of the client, or set the clock of the server.',
  },
]

export interface NamedCertificate extends TimedCertificate {
  readonly name: CertificateName
}

/** Read beside RFC 8705 §2.1.2. */
export const certificateNameRules: Rules<NamedCertificate, NamedCertificate> = [
  {
    id: 'MTLS-02',
    reason: 'client_certificate_name',
    says: 'takes a certificate that has the name the client registered only',
    holds: ({ certificate, name }) => hasName(certificate, name),
    otherwise: FAILED,
    expected: ({ name: { field, values } }) => `${field} ${shown(values)}`,
    received: described,
    remedy:
      'Register the name that the certificate has, as it is written there; a renewed certificate with another name needs that name registered too.',
  },
]

export interface ChainedCertificate extends TimedCertificate {
  /** Why the chain does not lead to a trusted authority, in words; undefined if it does. */
  readonly chainProblem: string | undefined
}

/** Read beside RFC 8705 §2.1, RFC 5280 §6. */
export const certificateChainRules: Rules<ChainedCertificate, ChainedCertificate> = [
  {
    id: 'MTLS-02',
    reason: 'client_certificate_untrusted',
    says: 'takes certificates that lead to a trusted authority only',
    holds: ({ chainProblem }) => chainProblem === undefined,
    otherwise: FAILED,
    expected: () => 'a chain of sound certificates up to one of the trusted authorities',
    received: (subject) => `${described(subject)}: ${subject.chainProblem ?? 'trusted'}`,
    remedy:
      'Have the certificate issued by a trusted authority, send the certificates between them along, or configure the authority as trusted.',
  },
]

export interface SelfSignedCertificate extends TimedCertificate {
  /** The keys registered for the client, and no others. */
  readonly keys: readonly VerificationKey[]
}

/** Read beside RFC 8705 §2.2. */
export const selfSignedCertificateRules: Rules<SelfSignedCertificate, SelfSignedCertificate> = [
  {
    id: 'MTLS-03',
    reason: 'client_certificate_unregistered',
    says: 'takes a self-signed certificate that is one of the client only',
    holds: ({ certificate, keys }) => keys.some((key) => isCertificateOf(key, certificate)),
    otherwise: FAILED,
    expected: ({ keys }) =>
      keys.length === 0
        ? 'the certificate of a key of the client, which has none that is usable'
        : `one of: ${keys.slice(0, 8).map(nameOf).join('; ')}`,
    received: described,
    remedy:
      'Register the certificate in x5c of a key of the client (jwks or jwks_uri), or the key without x5c.',
  },
]

/** By the certificate itself where it is registered, by its key where only that is; never by what it says of itself. */
export function isCertificateOf(
  key: VerificationKey,
  { thumbprint, keyThumbprint }: ClientCertificate,
): boolean {
  return key.certificate === undefined
    ? key.thumbprint === keyThumbprint
    : key.certificate === thumbprint
}

function nameOf({ kid, thumbprint, certificate }: VerificationKey): string {
  return certificate === undefined
    ? `any certificate of key ${shown(kid)} (thumbprint ${thumbprint})`
    : `the certificate of key ${shown(kid)} (x5t#S256 ${certificate})`
}

/** What an operator may know of a certificate: what everybody may who is shown it. */
function described({ certificate, now }: TimedCertificate): string {
  const { thumbprint, subject, issuer, names, notBefore, notAfter } = certificate
  return [
    `a certificate with x5t#S256 ${thumbprint}`,
    `subject ${shown(describeName(subject))}`,
    `issuer ${shown(describeName(issuer))}`,
    `names ${shown(Object.values(names).flat())}`,
    `notBefore ${offset(notBefore, now)}`,
    `notAfter ${offset(notAfter, now)}`,
  ].join(', ')
}
