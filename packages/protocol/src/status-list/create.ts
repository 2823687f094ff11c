import type { Buffer } from 'node:buffer'
import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'
import type { StatusListClaims } from './claims.ts'

/** A list of one-bit statuses on its way to the public. */
export interface StatusListContent {
  readonly uri: string
  /** As `packStatuses` makes them. */
  readonly statuses: Buffer
  readonly iat: Seconds
  readonly exp: Seconds
  readonly ttl: Seconds
  /** zlib (RFC 1950). */
  readonly deflate: (bytes: Buffer) => Buffer
}

/** Makes the list that says which tokens were revoked. @see Token Status List §5.1 */
export function createStatusList<Key extends Signer>(
  content: StatusListContent,
  key: Key,
): SignedBy<Key> {
  const { uri, statuses, iat, exp, ttl, deflate } = content
  const lst = deflate(statuses).toString('base64url')
  const claims: StatusListClaims = { sub: uri, iat, exp, ttl, status_list: { bits: 1, lst } }
  return signJwt({ typ: 'statuslist+jwt' }, claims, key)
}
