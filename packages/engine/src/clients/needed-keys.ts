import { isKeyManagement, type KeyManagement } from '@signet/protocol'
import { authenticationMethod } from './certificate.rules.ts'
import { ENCRYPTED, mustSignRequests } from './message.rules.ts'
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
    signs:
      authenticationMethod(metadata) !== 'tls_client_auth' ||
      (grantTypes(metadata).includes('authorization_code') && mustSignRequests(registration)),
    reads: ENCRYPTED.filter((name) => name !== 'request_object_encryption')
      .map((name) => metadata[`${name}_alg`])
      .filter(isKeyManagement),
  }
}
