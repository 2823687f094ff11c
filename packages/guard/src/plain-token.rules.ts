import {
  isNumericDate,
  isObject,
  mediaTypeOf,
  refusal,
  shown,
  type JsonObject,
  type PresentedAccessToken,
  type Refusal,
  type Rules,
} from '@signet/protocol'
import { textClaim } from './token-claims.ts'

/** Says what an ID token, a logout token or a security event says, and an access token does not. */
const OF_OTHERS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'] as const

/** The kinds of access tokens that Keycloak tells apart from its other tokens with a claim. */
const KINDS: readonly unknown[] = [undefined, 'Bearer', 'DPoP']

const invalid = (description: string): Refusal => refusal('invalid_token', description)

/**
 * What an access token must say if it need not say that it is one, besides what every access token must. Cheap. Read
 * beside RFC 8725 §3.11 and §3.12.
 */
export const plainTokenRules: Rules<PresentedAccessToken, PresentedAccessToken> = [
  {
    id: 'JAT-01',
    reason: 'plain_token_typ',
    says: 'takes no JWT whose typ says that it is something else',
    holds: ({ header: { typ } }) =>
      typ === undefined || ['jwt', 'at+jwt'].includes(mediaTypeOf(typ)),
    otherwise: invalid('the token is not an access token'),
    expected: () => 'typ JWT, at+jwt or none',
    received: ({ header }) => `typ ${shown(header.typ)}`,
    remedy: 'Send the access token, not another JWT.',
  },
  {
    id: 'JAT-02',
    reason: 'plain_token_claims',
    says: 'takes plain JWTs only if they say whose they are, until when, for which client and with which scope',
    holds: ({ claims }) => wrongClaim(claims) === undefined,
    otherwise: invalid('the access token lacks a required claim'),
    expected: () =>
      'sub, scope, and one client as client_id or azp, as strings; exp and iat; cnf, if any, as an object',
    received: ({ claims }) => {
      const claim = wrongClaim(claims) ?? ''
      return `${claim}: ${typeof claims[claim]}`
    },
    remedy: 'Configure the issuer to write these claims, best in the format of RFC 9068.',
  },
  {
    id: 'JWT-09',
    reason: 'plain_token_kind',
    says: 'takes no ID token or other JWT for an access token',
    holds: ({ claims }) =>
      OF_OTHERS.every((claim) => claims[claim] === undefined) && KINDS.includes(claims['typ']),
    otherwise: invalid('the token is not an access token'),
    expected: () => `none of the claims ${OF_OTHERS.join(', ')}, and no other kind of token`,
    received: ({ claims }) => {
      const claim = OF_OTHERS.find((each) => claims[each] !== undefined)
      return claim === undefined ? `the kind ${shown(claims['typ'])}` : `a token with ${claim}`
    },
    remedy: 'Send the access token, not the ID token or another JWT.',
  },
]

function wrongClaim(claims: JsonObject): string | undefined {
  if (textClaim(claims, 'sub') === undefined || claims['sub'] === '') return 'sub'
  if (textClaim(claims, 'scope') === undefined) return 'scope'
  if (clientOf(claims) === undefined) return 'client_id'
  if (!isNumericDate(claims['exp'])) return 'exp'
  if (!isNumericDate(claims['iat'])) return 'iat'
  return claims['cnf'] === undefined || isObject(claims['cnf']) ? undefined : 'cnf'
}

/** The one client a token names; undefined also when it names two. */
export function clientOf({ client_id: client, azp }: JsonObject): string | undefined {
  const named = client ?? azp
  if (client !== undefined && azp !== undefined && client !== azp) return undefined
  return typeof named === 'string' && named !== '' ? named : undefined
}
