import {
  createRecent,
  isObject,
  refusal,
  Refused,
  verifyAccessToken,
  type Recent,
  type VerificationKey,
} from '@signet/protocol'
import { digestOf } from '../digest.ts'
import type { Keys, Ports } from '../ports.ts'
import type { Digest } from '../store/values.ts'
import type { IssuedClaims } from './issue.ts'

/** Tokens whose signature was verified. It holds for the keys it was made with only. */
interface Remembered {
  readonly jwks: string
  /** By digest. */
  readonly tokens: Recent<IssuedClaims>
}

/** A few megabytes at most. */
const MOST = 4_096

const remembered = new WeakMap<Keys, Remembered>()

/**
 * The claims of an access token of this service, JWT or opaque. Whoever calls this must then look for a revocation, and
 * compare `cnf` with the sender where the token came with a request.
 *
 * A signature is verified once: a token that was verified, or has just been issued, is remembered by its digest until it
 * expires or the keys change.
 *
 * @throws Refused `invalid_token`.
 */
export async function readAccessToken(token: string, ports: Ports): Promise<IssuedClaims> {
  const claims = token.includes('.') ? readJwt(token, ports) : await readOpaque(token, ports)
  if (claims === undefined || claims.exp <= ports.clock.now()) throw unknownToken()
  return claims
}

function readJwt(token: string, ports: Ports): IssuedClaims | undefined {
  const { service, clock, keys } = ports
  const digest = digestOf(token)
  const { tokens } = memoryOf(keys)
  const known = tokens.find(digest)
  if (known !== undefined) return known
  const published: readonly VerificationKey[] = keys.published
  const verified = verifyAccessToken(token, {
    issuer: service.issuer,
    keys: published,
    now: clock.now(),
  })
  const claims = asIssued(verified)
  if (claims !== undefined) remember(digest, claims, keys)
  return claims
}

async function readOpaque(token: string, { store }: Ports): Promise<IssuedClaims | undefined> {
  const row = await store.opaqueTokens.get(digestOf(token))
  return row === undefined ? undefined : asIssued(JSON.parse(row.claims))
}

/** Remembers a token that was just signed here: often userinfo sees it next. */
export function rememberAccessToken(token: string, claims: IssuedClaims, { keys }: Ports): void {
  remember(digestOf(token), claims, keys)
}

function remember(digest: Digest, claims: IssuedClaims, keys: Keys): void {
  memoryOf(keys).tokens.remember(digest, claims)
}

function memoryOf(keys: Keys): Remembered {
  const memory = remembered.get(keys)
  if (memory !== undefined && memory.jwks === keys.jwks) return memory
  const fresh: Remembered = { jwks: keys.jwks, tokens: createRecent(MOST) }
  remembered.set(keys, fresh)
  return fresh
}

/** All we issue is bound to a key, and to one; a token that is not, is none of ours. */
function asIssued(claims: unknown): IssuedClaims | undefined {
  return isIssued(claims) ? claims : undefined
}

function isIssued(claims: unknown): claims is IssuedClaims {
  if (!isObject(claims) || !isObject(claims['cnf'])) return false
  const { grant_id: grantId } = claims
  const { jkt, 'x5t#S256': x5t } = claims['cnf']
  const bound = (typeof jkt === 'string') !== (typeof x5t === 'string')
  return bound && (grantId === undefined || typeof grantId === 'string')
}

function unknownToken(): Refused {
  return new Refused(refusal('invalid_token', 'the access token is unknown or has expired'), {
    id: 'SP-RS-03',
    reason: 'access_token_unknown',
    expected: 'an access token of this server that has not expired',
    received:
      'a token that is not known here: never issued, altered, of another server, or expired',
    remedy: 'Get a new access token with the refresh token.',
  })
}
