import { authority, issue, named, type Issued } from '@signet/protocol/testing/certificates'
import { mutualTlsEndpointsOf, type MutualTlsPolicy } from '../config.ts'
import { ISSUER } from './stage.ts'

/** Who vouches for the clients of a test. */
export const AUTHORITY: Issued = await issue({
  subject: 'CN=Authority of the tests',
  extensions: [authority()],
})

/** With `mtls: MUTUAL_TLS` a stage has aliases of its endpoints. */
export const MUTUAL_TLS: MutualTlsPolicy = {
  endpoints: mutualTlsEndpointsOf(ISSUER, 'https://mtls.as.example'),
  trustedAuthorities: [AUTHORITY.pem],
}

/** A certificate for a host of this name, vouched for unless something else is wished. */
export function certificateFor(
  host: string,
  wish: Parameters<typeof issue>[0] = {},
): Promise<Issued> {
  return issue({
    subject: `C=DE,O=Example,CN=${host}`,
    issuer: AUTHORITY,
    extensions: [named({ type: 'dns', value: host })],
    ...wish,
  })
}
