import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
  type JsonName,
  type X509Certificate,
} from '@peculiar/x509'

/** A certificate and its private key, both PEM. */
export interface Credential {
  readonly certificate: string
  readonly key: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

/** Browsers refuse server certificates that live longer than 398 days. */
const LONGEST = 397 * DAY

/**
 * A certificate authority for one machine, and a certificate for the servers on it. The authority's own key is thrown
 * away, so that trusting it means trusting these certificates and nothing that could be made later.
 */
export async function createLocalCertificates(
  names: readonly string[],
  now: number,
): Promise<{ readonly authority: string; readonly server: Credential }> {
  const authority = await createAuthority(`Signet local authority ${dayOf(now)}`, now)
  const { certificate, key } = await issue(authority, {
    subject: `CN=${names[0] ?? 'localhost'}`,
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map(generalName)),
    ],
  })
  const chain = `${certificate}\n${authority.pem}\n`
  return { authority: authority.pem, server: { certificate: chain, key } }
}

/**
 * A certificate that a client shows, and the authority that says who it is: another than that of servers, because whoever
 * may be a server is nobody's client for that. Its key is thrown away, too.
 *
 * @param subject a distinguished name (RFC 4514)
 */
export async function createClientCertificate(
  subject: string,
  now: number,
): Promise<{ readonly authority: string; readonly client: Credential }> {
  const authority = await createAuthority(`Signet local authority of clients ${dayOf(now)}`, now)
  const client = await issue(authority, {
    // Written, a name begins with what a certificate has last.
    subject: new Name(subject).toJSON().toReversed(),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  })
  return { authority: authority.pem, client }
}

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10)

interface Authority {
  readonly certificate: X509Certificate
  readonly pem: string
  readonly keys: CryptoKeyPair
}

async function createAuthority(name: string, now: number): Promise<Authority> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + LONGEST - DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign + KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate, pem: certificate.toString('pem'), keys }
}

interface Wish {
  readonly subject: string | JsonName
  /** Beside what every certificate has that is none of an authority. */
  readonly extensions: readonly Extension[]
}

/** As long as the authority lasts. */
async function issue(
  { certificate: { subject: issuer, notBefore, notAfter }, keys: issuing }: Authority,
  { subject, extensions }: Wish,
): Promise<Credential> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuing.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...extensions,
      await AuthorityKeyIdentifierExtension.create(issuing.publicKey),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
}

function generalName(name: string): { readonly type: 'ip' | 'dns'; readonly value: string } {
  return { type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}
