import {
  decodeJwt,
  MalformedJwt,
  Refused,
  verifyAccessToken,
  type DecodedJwt,
  type Seconds,
  type VerificationKey,
} from '@signet/protocol'
import type { Issuer } from './issuer.ts'
import { createRecent, digestOf } from './recent.ts'
import type { TokenClaims } from './token-claims.ts'
import type { TokenSource } from './token-source.ts'

export interface JwtSettings {
  readonly issuers: readonly [Issuer, ...Issuer[]]
  readonly audience: string
  readonly clockTolerance: Seconds
  /** So many verified tokens are remembered. */
  readonly remembered: number
  readonly now: () => Seconds
}

interface Verified {
  readonly claims: TokenClaims
  /** Whoever removes a key wants its tokens to end. */
  readonly keys: readonly VerificationKey[]
  readonly until: Seconds
}

/** Reads access tokens that are JWTs of RFC 9068, with the keys of their issuers. */
export function createJwtSource(settings: JwtSettings): TokenSource & {
  /** The trusted issuer a token names; the first for one that names none of them, which is then refused. */
  issuerOf(token: string): Issuer
} {
  const { issuers, clockTolerance, now } = settings
  const verified = createRecent<Verified>(settings.remembered)

  const issuerOf = (token: string): Issuer => {
    const [first, ...others] = issuers
    if (others.length === 0) return first
    const named = decoded(token)?.claims['iss']
    return issuers.find(({ identifier }) => identifier === named) ?? first
  }
  const verify = (
    token: string,
    { identifier }: Issuer,
    keys: readonly VerificationKey[],
  ): TokenClaims =>
    verifyAccessToken(token, {
      issuer: identifier,
      audience: settings.audience,
      keys,
      now: now(),
      clockTolerance,
    })

  const readNew = async (token: string, digest: string): Promise<TokenClaims> => {
    const issuer = issuerOf(token)
    let keys = await issuer.load()
    let claims: TokenClaims
    try {
      claims = verify(token, issuer, keys)
    } catch (error) {
      const newer = await newerKeys(token, { error, issuer, keys })
      if (newer === undefined) throw error
      keys = newer
      claims = verify(token, issuer, keys)
    }
    verified.remember(digest, { claims, keys, until: Number(claims['exp']) + clockTolerance })
    return claims
  }
  return {
    issuerOf,
    read(token) {
      const digest = digestOf(token)
      const known = verified.find(digest, now())
      if (known !== undefined && issuers.some((issuer) => issuer.keys() === known.keys)) {
        return known.claims
      }
      return readNew(token, digest)
    },
  }
}

interface Attempt {
  readonly error: unknown
  readonly issuer: Issuer
  readonly keys: readonly VerificationKey[]
}

/** The keys of the issuer, if it has others now, and the token was refused for want of a key that fits. */
async function newerKeys(
  token: string,
  { error, issuer, keys }: Attempt,
): Promise<readonly VerificationKey[] | undefined> {
  if (!(error instanceof Refused) || error.evidence.reason !== 'access_token_signature')
    return undefined
  const header = decoded(token)?.header
  const newer = header && (await issuer.keysFor(header))
  return newer === keys ? undefined : newer
}

function decoded(token: string): DecodedJwt | undefined {
  try {
    return decodeJwt(token)
  } catch (error) {
    if (error instanceof MalformedJwt) return undefined
    throw error
  }
}
