import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import * as x509 from '@peculiar/x509'

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

/** A certificate with its private key, both PEM. */
export interface Credential {
  readonly certificate: string
  readonly key: string
}

export interface Subject {
  /** In subjectAltName; none: the extension is absent. */
  readonly names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[]
  readonly commonName?: string
  /** How old it is when it is made, and how long it lives, in days. */
  readonly age?: number
  readonly lifetime?: number
  /** RSA instead of P-256, to see the suites of RSA. */
  readonly rsa?: boolean
}

/** A certificate authority that lives as long as the test. */
export interface Authority {
  readonly certificate: string
  issue(subject: Subject): Promise<Credential>
  /** An authority that this one vouches for. */
  delegate(commonName: string): Promise<Authority>
}

export const LOOPBACK: Subject = {
  names: [
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
  ],
}

export async function createAuthority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority of a test',
    keys,
    signingAlgorithm: SIGNING,
    ...validity({}),
    extensions: AUTHORITY,
  })
  return authorityOf(root, keys)
}

const AUTHORITY = [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
]

function authorityOf(own: x509.X509Certificate, keys: CryptoKeyPair): Authority {
  const issuing = { issuer: own.subject, signingKey: keys.privateKey, signingAlgorithm: SIGNING }
  return {
    certificate: own.toString('pem'),
    issue: async (subject) => {
      const pair = await keyPair(subject)
      const certificate = await x509.X509CertificateGenerator.create({
        ...description(subject),
        ...issuing,
        publicKey: pair.publicKey,
      })
      return { certificate: certificate.toString('pem'), key: await pem(pair) }
    },
    delegate: async (commonName) => {
      const pair = await keyPair({})
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        ...issuing,
        ...validity({}),
        publicKey: pair.publicKey,
        extensions: AUTHORITY,
      })
      return authorityOf(certificate, pair)
    },
  }
}

export async function selfSigned(subject: Subject): Promise<Credential> {
  const keys = await keyPair(subject)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...description(subject),
    name: `CN=${subject.commonName ?? 'self'}`,
    keys,
    signingAlgorithm: SIGNING,
  })
  return { certificate: certificate.toString('pem'), key: await pem(keys) }
}

interface Description {
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: InstanceType<typeof x509.SubjectAlternativeNameExtension>[]
}

function description(subject: Subject): Description {
  const names = subject.names.map(({ type, value }) => ({ type, value }))
  return {
    subject: `CN=${subject.commonName ?? 'server'}`,
    ...validity(subject),
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  }
}

function validity({ age = 1, lifetime = 365 }: Partial<Subject>): {
  notBefore: Date
  notAfter: Date
} {
  const notBefore = new Date(Date.now() - age * DAY)
  return { notBefore, notAfter: new Date(notBefore.getTime() + lifetime * DAY) }
}

function keyPair({ rsa = false }: Partial<Subject>): Promise<CryptoKeyPair> {
  if (!rsa) return crypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function pem({ privateKey }: CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey))
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
}
