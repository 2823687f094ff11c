import { parseClaimsRequest, type ClaimRequest } from './claims-request.ts'

/** What is known of a user, by claim name. */
export type Claims = Readonly<Record<string, unknown>>

/** The claims each scope asks for. @see OIDC Core §5.4 */
export const CLAIMS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'profile',
    [
      'name',
      'family_name',
      'given_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'updated_at',
    ],
  ],
  ['email', ['email', 'email_verified']],
  ['address', ['address']],
  ['phone', ['phone_number', 'phone_number_verified']],
])

/** Members with a meaning in the protocol: a user's claims never stand in for them. */
export const OURS: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'nonce',
  'auth_time',
  'acr',
  'amr',
  'azp',
  'sid',
  'at_hash',
  'c_hash',
  's_hash',
  'cnf',
  'client_id',
  'scope',
  'events',
  'code',
  'error',
])

/** All a scope or nothing but the claims parameter can bring, for metadata. */
export const STANDARD_CLAIMS: readonly string[] = ['sub', ...[...CLAIMS_OF.values()].flat()]

const SCOPE_OF: ReadonlyMap<string, string> = new Map(
  [...CLAIMS_OF].flatMap(([scope, names]) => names.map((name): [string, string] => [name, scope])),
)

/**
 * A `claims` parameter without what the client may not know: claims of a scope it is not registered for. They are left out
 * and no error, as unknown ones are (OIDC Core §5.5).
 */
export function permittedClaims(claims: string, registered: ReadonlySet<string>): string {
  const allowed = (name: string): boolean => {
    const scope = SCOPE_OF.get(name)
    return scope === undefined || registered.has(scope)
  }
  const { userinfo, id_token } = JSON.parse(claims)
  return JSON.stringify({ userinfo: only(userinfo, allowed), id_token: only(id_token, allowed) })
}

function only(asked: object | null | undefined, allowed: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(asked ?? {}).filter(([name]) => allowed(name)))
}

/** A claim that is to be told, and what was asked of it, if by the `claims` parameter. */
type Wanted = readonly [name: string, asked?: ClaimRequest]

/** What userinfo tells: what the scopes ask for, and what the `claims` parameter asks for there. */
export function userinfoClaims(
  known: Claims,
  scopes: readonly string[],
  claimsParameter: string | undefined,
): Claims {
  const byScope = scopes
    .flatMap((scope) => CLAIMS_OF.get(scope) ?? [])
    .map((name): Wanted => [name])
  if (claimsParameter === undefined) return tell(known, byScope)
  const byName = parseClaimsRequest(claimsParameter)?.userinfo ?? []
  return tell(known, [...byScope, ...byName])
}

/** What the ID token tells beyond what every one does: what the `claims` parameter asks for there. */
export function idTokenClaims(known: Claims, claimsParameter: string | undefined): Claims {
  if (claimsParameter === undefined) return {}
  return tell(known, parseClaimsRequest(claimsParameter)?.idToken ?? [])
}

/** A claim that is unknown, or has another value than the one asked for, is left out: never an error. */
function tell(known: Claims, wanted: Iterable<Wanted>): Claims {
  const told: [string, unknown][] = []
  for (const [name, asked] of wanted) {
    if (OURS.has(name) || !Object.hasOwn(known, name)) continue
    const value = known[name]
    if (value !== undefined && value !== null && fits(value, asked)) told.push([name, value])
  }
  return Object.fromEntries(told)
}

function fits(value: unknown, asked: ClaimRequest | undefined): boolean {
  return asked?.values === undefined || asked.values.some((wanted) => same(wanted, value))
}

function same(wanted: unknown, value: unknown): boolean {
  return wanted === value || JSON.stringify(wanted) === JSON.stringify(value)
}
