import { isKeyManagement, type KeyManagement } from '@signet/protocol'
import { authenticationMethod } from './certificate.rules.ts'
import { ENCRYPTED, termsOf } from './message.rules.ts'
import { grantTypes, type Registration } from './metadata.ts'

/** What a client needs keys of its own for. */
export interface NeededKeys {
  /** Whether it has to sign anything, or is known by the key of its certificate. */
  readonly signs: boolean
  /** How answers are encrypted to it. */
  readonly reads: readonly KeyManagement[]
}

/** Who authenticates by a certificate of an authority needs no key of its own, unless for something else. */
export function neededKeys(registration: Registration): NeededKeys {
  const { metadata } = registration
  return {
    signs: authenticationMethod(metadata) !== 'tls_client_auth' || signsRequests(registration),
    reads: ENCRYPTED.filter((name) => name !== 'request_object_encryption')
      .map((name) => metadata[`${name}_alg`])
      .filter(isKeyManagement),
  }
}

function signsRequests(registration: Registration): boolean {
  const { metadata } = registration
  if (!grantTypes(metadata).includes('authorization_code')) return false
  return (
    metadata['require_signed_request_object'] === true ||
    termsOf(registration).requireSignedRequests
  )
}
