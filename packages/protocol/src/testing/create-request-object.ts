import { signJwt } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'

/** What a client that signs its requests knows of itself and its server. */
export interface RequestObjectSigner {
  readonly key: SigningKey
  readonly clientId: string
  readonly issuer: string
  readonly now: Seconds
}

/**
 * A request object as a good client makes it, with these parameters; a member that is undefined is left out.
 *
 * @see FAPI 2.0 Message Signing §5.3.2
 */
export function createRequestObject(
  { key, clientId, issuer, now }: RequestObjectSigner,
  parameters: object,
): string {
  const times = { iat: now, nbf: now, exp: now + 60 }
  return signJwt(
    { typ: 'oauth-authz-req+jwt' },
    { iss: clientId, aud: issuer, client_id: clientId, ...times, ...parameters },
    key,
  )
}
