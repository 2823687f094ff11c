import { TLS_SUITES } from '@signet/protocol'
import { constants } from 'node:crypto'
import type { SecureContextOptions, TlsOptions } from 'node:tls'

const NEVER = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION

/** How this server speaks TLS, whoever opened the connection. */
export const TLS: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: TLS_SUITES,
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
