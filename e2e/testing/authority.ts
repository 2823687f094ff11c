import { createLocalCertificates } from '@signet/server/dev/certificate-authority'
import dns from 'node:dns'
import { setDefaultCACertificates } from 'node:tls'

/** The one authority this test process trusts, and what every server of the test serves with. */
const { authority, server } = await createLocalCertificates(
  ['localhost', 'a.localhost', 'b.localhost', '127.0.0.1'],
  Date.now(),
)

/** PEM. */
export const AUTHORITY: string = authority

/** PEM: for `localhost` and two names below it, each in full: a wildcard right below a top-level name matches nothing. */
export const CREDENTIAL: { readonly certificate: string; readonly key: string } = server

setDefaultCACertificates([authority])

// RFC 6761 §6.3: names below localhost are the loopback; not every resolver knows.
const lookup = dns.lookup
dns.lookup = Object.assign((hostname: string, ...rest: readonly unknown[]) => {
  const name = hostname.endsWith('.localhost') ? '127.0.0.1' : hostname
  return Reflect.apply(lookup, dns, [name, ...rest])
}, lookup)
