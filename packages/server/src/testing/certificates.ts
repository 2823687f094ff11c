import {
  authority,
  ec,
  issue,
  keyPem,
  named,
  rsa,
  usage,
  type AlternativeName,
  type Issued,
  type Wish,
} from '@signet/protocol/testing/certificates'

const DAY = 86_400

/** A certificate with its private key, both PEM. */
export interface Credential {
  readonly certificate: string
  readonly key: string
}

export interface Subject {
  /** In subjectAltName; none: the extension is absent. */
  readonly names: readonly AlternativeName[]
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

const AUTHORITY = [authority(), usage('keyCertSign')]

export async function createAuthority(): Promise<Authority> {
  const subject = 'CN=Authority of a test'
  return authorityOf(await issue({ subject, ...validity({}), extensions: AUTHORITY }))
}

function authorityOf(issuer: Issued): Authority {
  return {
    certificate: issuer.pem,
    issue: async (subject) => credentialOf(await issue({ ...wishOf(subject), issuer })),
    delegate: async (commonName) => {
      const subject = `CN=${commonName}`
      return authorityOf(await issue({ subject, issuer, ...validity({}), extensions: AUTHORITY }))
    },
  }
}

export async function selfSigned(subject: Subject): Promise<Credential> {
  return credentialOf(await issue(wishOf({ commonName: 'self', ...subject })))
}

async function credentialOf(made: Issued): Promise<Credential> {
  return { certificate: made.pem, key: await keyPem(made) }
}

function wishOf({ names, commonName = 'server', ...rest }: Subject): Wish {
  return {
    subject: `CN=${commonName}`,
    ...validity(rest),
    algorithm: rest.rsa === true ? rsa() : ec(),
    extensions: names.length === 0 ? [] : [named(...names)],
  }
}

function validity({ age = 1, lifetime = 365 }: Partial<Subject>): Wish {
  const notBefore = Math.floor(Date.now() / 1000) - age * DAY
  return { notBefore, notAfter: notBefore + lifetime * DAY }
}
