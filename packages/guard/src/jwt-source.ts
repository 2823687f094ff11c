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
import { verifyPlainToken } from './plain-token.ts'
import { createRecent } from './recent.ts'
import type { TokenClaims } from './token-claims.ts'
import type { TokenSource } from './token-source.ts'

/** The issuers whose tokens are taken. */
export type Trusted = readonly [Issuer, ...Issuer[]]

export interface JwtSettings {
  readonly issuers: Trusted
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

/** Reads access tokens that are JWTs, with the keys of their issuers. */
export function createJwtSource(settings: JwtSettings): TokenSource {
  const { issuers, clockTolerance, now } = settings
  const verified = createRecent<Verified>(settings.remembered)

  const verify = (
    token: string,
    { identifier, tokenFormat }: Issuer,
    keys: readonly VerificationKey[],
  ): TokenClaims => {
    const { audience } = settings
    const context = { issuer: identifier, audience, keys, now: now(), clockTolerance }
    return tokenFormat === 'plain-jwt'
      ? verifyPlainToken(token, context)
      : verifyAccessToken(token, context)
  }

  const verifyNew = (token: string, digest: string, { issuer, keys }: Candidate): TokenClaims => {
    const claims = verify(token, issuer, keys)
    verified.remember(digest, { claims, keys, until: Number(claims['exp']) + clockTolerance })
    return claims
  }
  const verifyLater = async (token: string, digest: string, issuer: Issuer): Promise<TokenClaims> =>
    readNew(token, digest, { issuer, keys: await issuer.load() })

  const readNew = (
    token: string,
    digest: string,
    candidate: Candidate,
  ): TokenClaims | Promise<TokenClaims> => {
    try {
      return verifyNew(token, digest, candidate)
    } catch (error) {
      if (!isForWantOfKey(error)) throw error
      return newerKeys(token, candidate).then((keys) => {
        if (keys === undefined) throw error
        return verifyNew(token, digest, { issuer: candidate.issuer, keys })
      })
    }
  }
  return {
    read(token, digest) {
      const known = verified.find(digest, now())
      if (known !== undefined && issuers.some((issuer) => issuer.keys() === known.keys)) {
        return known.claims
      }
      const issuer = issuerOf(token, issuers)
      const keys = issuer.keys()
      return keys === undefined
        ? verifyLater(token, digest, issuer)
        : readNew(token, digest, { issuer, keys })
    },
  }
}

/** The trusted issuer a token names; the first for one that names none of them, which is then refused. */
export function issuerOf(token: string, [first, ...others]: Trusted): Issuer {
  if (others.length === 0) return first
  const named = decoded(token)?.claims['iss']
  return others.find(({ identifier }) => identifier === named) ?? first
}

interface Candidate {
  readonly issuer: Issuer
  readonly keys: readonly VerificationKey[]
}

function isForWantOfKey(error: unknown): boolean {
  return error instanceof Refused && error.evidence.reason === 'access_token_signature'
}

/** The keys of the issuer, if it has others now. */
async function newerKeys(
  token: string,
  { issuer, keys }: Candidate,
): Promise<readonly VerificationKey[] | undefined> {
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
