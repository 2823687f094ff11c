import { webcrypto } from 'node:crypto'
import { authority, issue, named } from '@signet/protocol/testing/certificates'

const HOUR = 3600

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
  // oxlint-disable-next-line no-restricted-globals -- TLS looks at the clock of the machine
  const now = Math.floor(Date.now() / 1000)
  const times = { notBefore: now - HOUR, notAfter: now + HOUR }
  const subject = 'CN=Authority of a test'
  const root = await issue({ ...times, subject, extensions: [authority()] })
  return {
    certificate: root.pem,
    issue: async (name) => {
      const extensions = [named({ type: 'dns', value: name })]
      const made = await issue({ ...times, issuer: root, subject: `CN=${name}`, extensions })
      const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', made.keys.privateKey))
      const key = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
      return { cert: made.pem, key }
    },
  }
}
