import { Refused } from '@signet/protocol'
import type { Ports } from '../ports.ts'
import type { Grant } from '../store/durable.ts'
import type { IssuedClaims } from './issue.ts'
import { readAccessToken } from './read-access-token.ts'
import { belongsTo, grantIdOf } from './refresh-token.ts'

/** What a token that somebody sends in a parameter turns out to be. */
export type FoundToken =
  | { readonly kind: 'refresh'; readonly grant: Grant }
  | { readonly kind: 'access'; readonly claims: IssuedClaims }

/**
 * Finds out what a token is, by its form alone: the three kinds we issue cannot be mistaken for one another, so a hint
 * has nothing to say.
 *
 * @returns undefined for what is not a token of ours, or is one no more.
 */
export async function findToken(token: string, ports: Ports): Promise<FoundToken | undefined> {
  const grant = await findGrant(token, ports)
  if (grant !== undefined) return { kind: 'refresh', grant }
  try {
    return { kind: 'access', claims: await readAccessToken(token, ports) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return undefined
  }
}

/** The grant a refresh token belongs to, expired or not; undefined for anything else. */
export async function findGrant(token: string, { store }: Ports): Promise<Grant | undefined> {
  const id = grantIdOf(token)
  const grant = id === undefined ? undefined : await store.grants.get(id)
  return grant !== undefined && belongsTo(token, grant) ? grant : undefined
}

/** What can be revoked of an access token: itself, and the grant behind it. */
export function revocableIds({ jti, grant_id: grantId }: IssuedClaims): readonly string[] {
  return grantId === undefined ? [jti] : [jti, grantId]
}
