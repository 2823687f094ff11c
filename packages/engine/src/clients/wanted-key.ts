import type { DecodedJwt } from '@signet/protocol'
import type { WantedKey } from '../ports.ts'

/** The key that a JWT says has signed it; nothing else of its header goes on. */
export function keySaidToSign({ header: { kid, alg } }: DecodedJwt): WantedKey {
  return kid === undefined ? { alg } : { kid, alg }
}
