import { generateSigningKey, type SigningKey } from '@signet/protocol'
import { clientCredentialsGrant } from 'openid-client'
import type { Clock } from '../config/options.ts'
import { isFresh, tokenName, type AccessToken, type Want } from '../sessions/secrets.ts'
import type { Authority } from './authority.ts'
import { failureOf } from './failure.ts'
import type { Nonces } from './nonces.ts'
import { dpopHandle } from './proof-key.ts'
import { boundToken } from './token-response.ts'

/** Tokens of the BFF itself, for routes where it acts in its own name. */
export interface ClientTokens {
  readonly key: SigningKey
  /** @param refused a token that an API has refused @throws AuthorityFailure */
  token(want: Want, refused?: string): Promise<string>
}

export interface ClientTokensOptions {
  readonly authority: Authority
  readonly nonces: Nonces
  readonly clock: Clock
}

/** Keeps one token for each want, in memory: they are cheap to get, and their key is made at the start. */
export function createClientTokens({
  authority,
  nonces,
  clock,
}: ClientTokensOptions): ClientTokens {
  const key = generateSigningKey('ES256')
  const kept = new Map<string, AccessToken>()
  const underWay = new Map<string, Promise<AccessToken>>()

  const ask = async (name: string, { scopes, resource }: Want): Promise<AccessToken> => {
    try {
      const { tokens } = await authority.known()
      const now = clock.now()
      const parameters = {
        ...(scopes !== undefined && { scope: scopes.join(' ') }),
        ...(resource !== undefined && { resource }),
      }
      const answer = await clientCredentialsGrant(tokens, parameters, {
        DPoP: dpopHandle(tokens, key, nonces),
      })
      const token = boundToken(answer, now)
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
      if (isFresh(token, clock.now()) && token.value !== refused) return token.value
      const asking = underWay.get(name) ?? ask(name, want)
      underWay.set(name, asking)
      return (await asking).value
    },
  }
}
