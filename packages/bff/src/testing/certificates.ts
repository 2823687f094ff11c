import {
  authority,
  issue,
  keyPem,
  named,
  validToday,
  type Issued,
  type Wish,
} from '@signet/protocol/testing/certificates'
import { hash } from 'node:crypto'

const issuer = await issue({
  subject: 'CN=Test authority',
  ...validToday(),
  extensions: [authority(0)],
})
const server = await issue({
  subject: 'CN=localhost',
  issuer,
  ...validToday(),
  extensions: [named({ type: 'dns', value: 'localhost' })],
})

/** Whom the servers of a test trust, and who vouches for their clients. */
export const TEST_CA: string = issuer.pem

/** What every server of a test shows. */
export const TEST_SERVER: { readonly cert: string; readonly key: string } = {
  cert: server.pem,
  key: await keyPem(server),
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
  wish: Pick<Wish, 'algorithm' | 'notAfter'> = {},
): Promise<TestCertificate> {
  const extensions = [named({ type: 'dns', value: `${name}.example` })]
  return described(
    await issue({ subject: `CN=${name}`, issuer, ...validToday(), ...wish, extensions }),
  )
}

/** What a client shows for which nobody vouches. */
export async function selfSignedCertificate(name: string): Promise<TestCertificate> {
  return described(await issue({ subject: `CN=${name}`, ...validToday() }))
}

async function described(made: Issued): Promise<TestCertificate> {
  return {
    certificate: made.pem,
    key: await keyPem(made),
    thumbprint: hash('sha256', made.der, 'base64url'),
  }
}
