import {
  authority,
  issue,
  jwkOf,
  keyPem,
  named,
  validToday,
  type AlternativeName,
  type Issued,
} from '@signet/protocol/testing/certificates'
import { certificateThumbprint } from '@signet/protocol'
import type { Credential } from '../flow/certificate-fetch.ts'

/** Who may say which client somebody is; of servers it says nothing. */
const createAuthority = (): Promise<Issued> =>
  issue({ subject: 'CN=Authority of clients', ...validToday(), extensions: [authority(0)] })

const trusted = await createAuthority()
const stranger = await createAuthority()

/** PEM. Whom the server trusts to name clients. */
export const CLIENT_AUTHORITY: string = trusted.pem

/** What a client shows, and what it is known by. */
export interface ClientCredential extends Credential {
  /** What tokens are bound to (`x5t#S256`). */
  readonly thumbprint: string
  /** Its public key with the certificate, as a client registers it. */
  readonly jwk: object
}

export interface Wish {
  readonly subject: string
  readonly names?: readonly AlternativeName[]
  /** Absent: the authority the server trusts. A stranger calls itself by the same name. */
  readonly by?: 'itself' | 'stranger'
  /** When it ends, in milliseconds since 1970. */
  readonly ends?: number
}

/** Makes a client certificate with a key of its own. */
export async function issueCertificate(wish: Wish): Promise<ClientCredential> {
  const { subject, names, by, ends } = wish
  const made = await issue({
    subject,
    ...validToday(),
    ...(by !== 'itself' && { issuer: by === 'stranger' ? stranger : trusted }),
    ...(ends !== undefined && { notAfter: Math.floor(ends / 1000) }),
    extensions: names === undefined ? [] : [named(...names)],
  })
  return {
    certificate: made.pem,
    key: await keyPem(made),
    thumbprint: certificateThumbprint(made.der),
    jwk: { ...(await jwkOf(made)), x5c: [Buffer.from(made.der).toString('base64')] },
  }
}
