import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
} from '@peculiar/x509'
import { hash } from 'node:crypto'
import type { Credential } from '../flow/certificate-fetch.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const HOUR = 3_600_000

const generateKeys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

/** Who may say which client somebody is; of servers it says nothing. */
interface Authority {
  readonly name: string
  readonly keys: CryptoKeyPair
  readonly certificate: string
}

async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - HOUR),
    notAfter: new Date(Date.now() + 24 * HOUR),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  })
  return { name, keys, certificate: certificate.toString('pem') }
}

const trusted = await createAuthority('CN=Authority of clients')
const stranger = await createAuthority('CN=Authority of clients')

/** PEM. Whom the server trusts to name clients. */
export const CLIENT_AUTHORITY: string = trusted.certificate

/** What a client shows, and what it is known by. */
export interface ClientCredential extends Credential {
  /** What tokens are bound to (`x5t#S256`). */
  readonly thumbprint: string
  /** Its public key with the certificate, as a client registers it. */
  readonly jwk: object
}

export interface Wish {
  readonly subject: string
  readonly names?: JsonGeneralNames
  /** Absent: the authority the server trusts. A stranger calls itself by the same name. */
  readonly by?: 'itself' | 'stranger'
  /** When it ends, in milliseconds since 1970. */
  readonly ends?: number
}

/** Makes a client certificate with a key of its own. */
export async function issueCertificate(wish: Wish): Promise<ClientCredential> {
  const { subject, names, by, ends = Date.now() + HOUR } = wish
  const keys = await generateKeys()
  const issuer = by === 'stranger' ? stranger : by === 'itself' ? { name: subject, keys } : trusted
  const made = await X509CertificateGenerator.create({
    subject,
    issuer: issuer.name,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - 2 * HOUR),
    notAfter: new Date(ends),
    extensions: names === undefined ? [] : [new SubjectAlternativeNameExtension(names)],
  })
  const der = Buffer.from(made.rawData)
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey)
  const key = PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  )
  return {
    certificate: made.toString('pem'),
    key,
    thumbprint: hash('sha256', der, 'base64url'),
    jwk: { kty, crv, x, y, x5c: [der.toString('base64')] },
  }
}
