import { constants } from 'node:crypto'
import type { SecureContextOptions, TlsOptions } from 'node:tls'

/**
 * The suites of the profile: for TLS 1.3 all of them, for TLS 1.2 those that BCP 195 recommends. One list for every
 * listener and every connection of ours, so that a change of the recommendation is a change of one line.
 *
 * @see FAPI 2.0 Security Profile §5.2.2, RFC 9325 §4.2
 */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

const NEVER = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION

/** How this server speaks TLS, whoever opened the connection. */
export const TLS: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: SUITES,
  honorCipherOrder: true,
  secureOptions: NEVER,
}

/**
 * How it asks for a certificate. It takes any, also a self-signed or an old one, and trusts nobody: what a certificate is
 * good for is decided, and explained, later. A resumed session would know the certificate and no longer what leads from
 * there to an authority, so none is resumed.
 */
export const ASKING: TlsOptions = {
  requestCert: true,
  rejectUnauthorized: false,
  ca: [],
  secureOptions: NEVER | constants.SSL_OP_NO_TICKET,
}
