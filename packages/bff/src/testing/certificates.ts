import 'reflect-metadata' // @peculiar/x509 needs it, before anything of its own
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

const generate = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const period = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) }
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

/** Whom the servers of a test trust. */
export const TEST_CA: string = authority.toString('pem')

/** What every server of a test shows. */
export const TEST_SERVER: { readonly cert: string; readonly key: string } = {
  cert: server.toString('pem'),
  key: PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
}
