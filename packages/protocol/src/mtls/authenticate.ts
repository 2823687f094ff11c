import type { VerificationKey } from '../jose/keys.ts'
import { enforce } from '../rules/rule.ts'
import type { Seconds } from '../time.ts'
import type { CertificateAuthentication } from './certificate-name.ts'
import { readCertificate, type ClientCertificate } from './certificate.ts'
import {
  certificateChainRules,
  certificateNameRules,
  certificateValidityRules,
  presentedCertificateRules,
  selfSignedCertificateRules,
} from './certificate.rules.ts'
import { chainProblem, type Authorities } from './chain.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

/**
 * Reads the certificate that a request came with, before anybody asks whose it is.
 *
 * @param chain DER, the certificate of the client first; empty if it showed none.
 * @throws Refused with `invalid_client`.
 */
export function readPresentedCertificate([own]: readonly Uint8Array[]): ClientCertificate {
  return enforce(presentedCertificateRules, { certificate: own && readOrReason(own) }).certificate
}

function readOrReason(der: Uint8Array): ClientCertificate | UnusableCertificate {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof UnusableCertificate) return error
    throw error
  }
}

/** What a client showed, and what is known of that client. */
export interface CertificateContext {
  readonly certificate: ClientCertificate
  /** DER, that certificate first. */
  readonly chain: readonly Uint8Array[]
  readonly registered: CertificateAuthentication
  readonly authorities: Authorities
  /** The keys of this client and of no other. */
  readonly keys: readonly VerificationKey[]
  readonly now: Seconds
}

/**
 * Proves that a request comes from a client: `tls_client_auth` or `self_signed_tls_client_auth`. That whoever sent the request
 * holds the private key was proved by the TLS handshake.
 *
 * @throws Refused with `invalid_client`.
 * @see RFC 8705 §2
 */
export function verifyCertificateAuthentication(context: CertificateContext): void {
  const { certificate, chain, registered, authorities, keys, now } = context
  enforce(certificateValidityRules, { certificate, now })
  if (registered.method === 'self_signed_tls_client_auth') {
    enforce(selfSignedCertificateRules, { certificate, keys, now })
    return
  }
  enforce(certificateNameRules, { certificate, now, name: registered.name })
  const problem = chainProblem(chain, authorities, now)
  enforce(certificateChainRules, { certificate, now, chainProblem: problem })
}
