import { authority, issue, keyPem, named, validToday } from '@signet/protocol/testing/certificates'

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
  const times = validToday()
  const subject = 'CN=Authority of a test'
  const root = await issue({ ...times, subject, extensions: [authority()] })
  return {
    certificate: root.pem,
    issue: async (name) => {
      const extensions = [named({ type: 'dns', value: name })]
      const made = await issue({ ...times, issuer: root, subject: `CN=${name}`, extensions })
      return { cert: made.pem, key: await keyPem(made) }
    },
  }
}
