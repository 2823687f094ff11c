import { isSignedByOneOf, type DecodedJwt } from '@signet/protocol'
import type { Issuer } from './issuer.ts'

/** Whether a document was signed by its issuer; for an unknown key the keys are fetched anew. */
export async function isSignedBy(issuer: Issuer, jwt: DecodedJwt): Promise<boolean> {
  await issuer.load()
  const keys = await issuer.keysFor(jwt.header)
  return isSignedByOneOf(keys, jwt)
}
