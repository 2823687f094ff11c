import { webcrypto } from 'node:crypto'

// @peculiar/x509 registers its parts with tsyringe, which insists on a reflection API it then has no metadata for.
for (const name of ['getMetadata', 'getOwnMetadata', 'defineMetadata']) {
  if (!(name in Reflect)) Object.assign(Reflect, { [name]: () => undefined })
}
const x509 = await import('@peculiar/x509')

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A certificate with its private key, both PEM. */
export interface Credential {
  readonly cert: string
  readonly key: string
}

/** A certificate authority that lives as long as the test. */
export interface Authority {
  readonly certificate: string
  issue(name: string): Promise<Credential>
}

export async function createAuthority(): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority of a test',
    keys,
    signingAlgorithm: SIGNING,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    certificate: root.toString('pem'),
    issue: async (name) => {
      const pair = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: root.subject,
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: SIGNING,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
      })
      const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey))
      const key = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
      return { cert: certificate.toString('pem'), key }
    },
  }
}
