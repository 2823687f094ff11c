import { generateSigningKey, type SigningKey } from '@signet/protocol'
import { clientCredentialsGrant } from 'openid-client'
import type { Clock } from '../config/options.ts'
import { isUsable, tokenName, type AccessToken, type Want } from '../sessions/secrets.ts'
import type { Authority } from './authority.ts'
import type { Constraint } from './constraint.ts'
import { failureOf } from './failure.ts'
import { boundToken } from './token-response.ts'

/** Tokens of the BFF itself, for routes where it acts in its own name. */
export interface ClientTokens {
  readonly key: SigningKey
  /** @param refused a token that an API has refused @throws AuthorityFailure */
  token(want: Want, refused?: string): Promise<string>
}

export interface ClientTokensOptions {
  readonly authority: Authority
  readonly constraint: Constraint
  readonly clock: Clock
}

/** Keeps one token for each want, in memory: they are cheap to get, and their key is made at the start. */
export function createClientTokens({
  authority,
  constraint,
  clock,
}: ClientTokensOptions): ClientTokens {
  const key = generateSigningKey('ES256')
  const kept = new Map<string, AccessToken>()
  const underWay = new Map<string, Promise<AccessToken>>()

  const ask = async (name: string, { scopes, resource }: Want): Promise<AccessToken> => {
    try {
      const { configuration } = await authority.known()
      const now = clock.now()
      const parameters = {
        ...(scopes !== undefined && { scope: scopes.join(' ') }),
        ...(resource !== undefined && { resource }),
      }
      const asking = constraint.asking(configuration, key)
      const answer = await clientCredentialsGrant(configuration, parameters, asking)
      const token = boundToken(answer, { constraint, key, now })
      kept.set(name, token)
      return token
    } catch (error) {
      throw failureOf(error, 'client token')
    } finally {
      underWay.delete(name)
    }
  }
  return {
    key,
    token: async (want, refused) => {
      const name = tokenName(want)
      const token = kept.get(name)
      const use = { now: clock.now(), boundTo: constraint.boundTo(key), refused }
      if (isUsable(token, use)) return token.value
      const asking = underWay.get(name) ?? ask(name, want)
      underWay.set(name, asking)
      return (await asking).value
    },
  }
}
