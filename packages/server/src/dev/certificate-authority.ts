import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
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
  const notBefore = new Date(now - DAY)
  const notAfter = new Date(now + LONGEST - DAY)
  const authorityKeys = await generateKeys()
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Signet local authority ${new Date(now).toISOString().slice(0, 10)}`,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign + KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const keys = await generateKeys()
  const server = await X509CertificateGenerator.create({
    subject: `CN=${names[0] ?? 'localhost'}`,
    issuer: authority.subject,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map(generalName)),
      await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const key = PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  )
  return {
    authority: authority.toString('pem'),
    server: { certificate: `${server.toString('pem')}\n${authority.toString('pem')}\n`, key },
  }
}

function generalName(name: string): { readonly type: 'ip' | 'dns'; readonly value: string } {
  return { type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}
