import { createLocalCertificates } from '@signet/server/dev/certificate-authority'
import { setDefaultCACertificates } from 'node:tls'
import './loopback-names.ts'

/** The one authority this test process trusts, and what every server of the test serves with. */
const { authority, server } = await createLocalCertificates(
  [
    'localhost',
    'a.localhost',
    'b.localhost',
    '127.0.0.1',
    '*.signet.test',
    '*.bank.test',
    '*.shop.test',
    '*.evil.test',
  ],
  Date.now(),
)

/** PEM. */
export const AUTHORITY: string = authority

/**
 * PEM: for `localhost` and two names below it, each in full, because a wildcard right below a top-level name matches
 * nothing; and for hosts of four sites that are strangers to each other.
 */
export const CREDENTIAL: { readonly certificate: string; readonly key: string } = server

setDefaultCACertificates([authority])
