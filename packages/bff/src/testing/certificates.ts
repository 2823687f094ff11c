import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509'
import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

const generate = (
  algorithm: RsaHashedKeyGenParams | EcKeyGenParams = ALGORITHM,
): Promise<CryptoKeyPair> => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

export interface Period {
  readonly notBefore: Date
  readonly notAfter: Date
}

const period: Period = {
  notBefore: new Date(Date.now() - DAY),
  notAfter: new Date(Date.now() + DAY),
}
const authorityKeys = await generate()
const authority = await X509CertificateGenerator.createSelfSigned({
  name: 'CN=Test authority',
  ...period,
  signingAlgorithm: ALGORITHM,
  keys: authorityKeys,
  extensions: [new BasicConstraintsExtension(true, 0, true)],
})
const keys = await generate()
const server = await X509CertificateGenerator.create({
  subject: 'CN=localhost',
  issuer: authority.subject,
  ...period,
  signingAlgorithm: ALGORITHM,
  publicKey: keys.publicKey,
  signingKey: authorityKeys.privateKey,
  extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
})

/** Whom the servers of a test trust, and who vouches for their clients. */
export const TEST_CA: string = authority.toString('pem')

/** What every server of a test shows. */
export const TEST_SERVER: { readonly cert: string; readonly key: string } = {
  cert: server.toString('pem'),
  key: await privatePem(keys),
}

export interface TestCertificate {
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** What tokens are bound to. */
  readonly thumbprint: string
}

/** What a client of this name shows, vouched for by the authority of the tests. */
export async function clientCertificate(
  name: string,
  times: Partial<Period> = {},
  algorithm?: RsaHashedKeyGenParams,
): Promise<TestCertificate> {
  const own = await generate(algorithm)
  const made = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority.subject,
    ...period,
    ...times,
    signingAlgorithm: ALGORITHM,
    publicKey: own.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: `${name}.example` }])],
  })
  return described(made, own)
}

/** What a client shows for which nobody vouches. */
export async function selfSignedCertificate(name: string): Promise<TestCertificate> {
  const own = await generate()
  const made = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...period,
    signingAlgorithm: ALGORITHM,
    keys: own,
  })
  return described(made, own)
}

async function described(made: X509Certificate, own: CryptoKeyPair): Promise<TestCertificate> {
  return {
    certificate: made.toString('pem'),
    key: await privatePem(own),
    thumbprint: hash('sha256', Buffer.from(made.rawData), 'base64url'),
  }
}

async function privatePem({ privateKey }: CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')
}
