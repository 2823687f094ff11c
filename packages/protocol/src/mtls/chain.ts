import { shown } from '../rules/shown.ts'
import { createRecent, type Recent } from '../recent.ts'
import { offset, type Seconds } from '../time.ts'
import { readCertificate, type ClientCertificate } from './certificate.ts'
import { describeName } from './distinguished-name.ts'
import { readPem } from './pem.ts'
import { isStrongKey } from './strength.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

/** While every certificate of a path is valid. */
interface Span {
  readonly notBefore: Seconds
  readonly notAfter: Seconds
}

/** Whom certificates of clients are believed from. */
export interface Authorities {
  readonly certificates: readonly ClientCertificate[]
  /** The chains that were found to lead to them, by their thumbprints: a verification costs as much as that of a proof. */
  readonly proven: Recent<Span>
}

/** The certificates that are looked at, that of the client among them, and authorities not. */
const MOST_CERTIFICATES = 5
const MOST_REMEMBERED = 1000

/**
 * Reads the certificates of authorities, once.
 *
 * @param pems each with one certificate or several.
 * @throws UnusableCertificate if one cannot be read or is not that of an authority.
 * @see RFC 8705 §7.5
 */
export function readAuthorities(pems: readonly string[]): Authorities {
  const certificates = pems.flatMap(readPem).map(readCertificate)
  for (const { subject, use } of certificates) {
    if (!use.isAuthority)
      throw new UnusableCertificate(`${shown(describeName(subject))} is no authority`)
  }
  return { certificates, proven: createRecent(MOST_REMEMBERED) }
}

/**
 * Why a chain does not lead to an authority; undefined if it does. Whatever limits a certificate in a way that is not followed
 * here refuses it: policies and name constraints, for instance. Revocation is not looked at.
 *
 * @param chain DER, the certificate of the client first, then any that lead from it to an authority.
 * @see RFC 5280 §6.1
 */
export function chainProblem(
  chain: readonly Uint8Array[],
  authorities: Authorities,
  now: Seconds,
): string | undefined {
  if (chain.length > MOST_CERTIFICATES) {
    return `a chain of ${chain.length} certificates, ${MOST_CERTIFICATES} at most`
  }
  const certificates = readChain(chain)
  if (typeof certificates === 'string') return certificates
  const thumbprints = certificates.map(({ thumbprint }) => thumbprint).join(' ')
  const proven = authorities.proven.find(thumbprints)
  if (proven !== undefined && isWithin(proven, now)) return undefined
  const span = prove(certificates, { authorities, now })
  if (typeof span === 'string') return span
  authorities.proven.remember(thumbprints, span)
  return undefined
}

function readChain(chain: readonly Uint8Array[]): readonly ClientCertificate[] | string {
  try {
    return chain.map(readCertificate)
  } catch (error) {
    if (error instanceof UnusableCertificate)
      return `a certificate of the chain is ${error.message}`
    throw error
  }
}

interface Known {
  readonly authorities: Authorities
  readonly now: Seconds
}

interface Step {
  readonly now: Seconds
  /** How many authorities stand between the certificate that is looked at and that of the client. */
  readonly below: number
}

function prove([own, ...others]: readonly ClientCertificate[], known: Known): Span | string {
  if (own === undefined) return 'no certificate'
  const problem = certificateProblem(own, known.now)
  if (problem !== undefined) return `${nameOf(own)} ${problem}`
  if (!own.use.signs) return `${nameOf(own)} has a key usage without digitalSignature`
  return pathFrom(own, others, known)
}

/**
 * Follows a certificate up to an authority, by whichever issuer leads there, the shortest way first: from each issuer once, or a
 * stranger could have us look for long. In words, what stood in the way last.
 */
function pathFrom(
  own: ClientCertificate,
  others: readonly ClientCertificate[],
  { authorities: { certificates }, now }: Known,
): Span | string {
  const reached = [{ certificate: own, span: common(own, own), below: 0 }]
  const visited = new Set<ClientCertificate>()
  let problem = ''
  for (const { certificate, span, below } of reached) {
    problem = `no authority is known that may have issued ${nameOf(certificate)}: its issuer is ${shown(describeName(certificate.issuer))}`
    for (const issuer of [...certificates, ...others]) {
      if (visited.has(issuer) || !certificate.x509.checkIssued(issuer.x509)) continue
      const unfit = issuerProblem(issuer, certificate, { now, below })
      const way = common(span, issuer)
      if (unfit !== undefined) {
        problem = `${nameOf(issuer)} ${unfit}`
      } else if (certificates.includes(issuer)) {
        return way
      } else {
        visited.add(issuer)
        reached.push({ certificate: issuer, span: way, below: below + 1 })
      }
    }
  }
  return problem
}

function issuerProblem(
  issuer: ClientCertificate,
  certificate: ClientCertificate,
  { now, below }: Step,
): string | undefined {
  const problem = certificateProblem(issuer, now)
  if (problem !== undefined) return problem
  const { isAuthority, pathLength = Infinity } = issuer.use
  if (!isAuthority) return 'is no authority'
  if (below > pathLength) return `permits ${pathLength} authorities below it, and has ${below}`
  if (!certificate.isStronglySigned) return `signed ${nameOf(certificate)} with a weak algorithm`
  return isSignedBy(certificate, issuer) ? undefined : `did not sign ${nameOf(certificate)}`
}

/** What no certificate of a path may be. */
function certificateProblem(
  { notBefore, notAfter, publicKey, use }: ClientCertificate,
  now: Seconds,
): string | undefined {
  if (now < notBefore) return `is not valid yet: notBefore ${offset(notBefore, now)}`
  if (now > notAfter) return `has expired: notAfter ${offset(notAfter, now)}`
  if (publicKey === undefined || !isStrongKey(publicKey)) return 'has a weak or unknown key'
  if (!use.authenticatesClients) return 'has an extended key usage without clientAuth'
  return use.notFollowed.length === 0
    ? undefined
    : `is limited by extensions that are not followed: ${use.notFollowed.join(', ')}`
}

function isSignedBy({ x509 }: ClientCertificate, { publicKey }: ClientCertificate): boolean {
  return publicKey !== undefined && x509.verify(publicKey)
}

function common(a: Span, b: Span): Span {
  return {
    notBefore: Math.max(a.notBefore, b.notBefore),
    notAfter: Math.min(a.notAfter, b.notAfter),
  }
}

function isWithin({ notBefore, notAfter }: Span, now: Seconds): boolean {
  return notBefore <= now && now <= notAfter
}

function nameOf({ subject }: ClientCertificate): string {
  return shown(describeName(subject))
}
