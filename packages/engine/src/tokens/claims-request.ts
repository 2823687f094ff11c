import { isObject, parseJsonObject } from '@signet/protocol'
import { Buffer } from 'node:buffer'

/** What the `claims` parameter asks of one claim (OIDC Core §5.5.1). */
export interface ClaimRequest {
  readonly essential: boolean
  /** The values asked for, from `value` or `values`; undefined: any. */
  readonly values?: readonly unknown[]
}

export interface ClaimsRequest {
  readonly userinfo: ReadonlyMap<string, ClaimRequest>
  readonly idToken: ReadonlyMap<string, ClaimRequest>
}

/** More claims than anybody has. */
const MOST = 100

/** Characters. It is kept as long as the grant. */
const LONGEST = 16_384

/**
 * Reads a `claims` parameter; unknown claims and members are kept or ignored, never an error (OIDC Core §5.5).
 *
 * @returns undefined when it is not JSON of that shape, or so deep, long or ambiguous that no reader is safe with it.
 */
export function parseClaimsRequest(claims: string): ClaimsRequest | undefined {
  const request = parseObject(claims)
  const userinfo = request && parseMember(request['userinfo'])
  const idToken = request && parseMember(request['id_token'])
  return userinfo && idToken && { userinfo, idToken }
}

function parseMember(member: unknown): ReadonlyMap<string, ClaimRequest> | undefined {
  if (member === undefined || member === null) return new Map()
  if (!isObject(member)) return undefined
  const asked = Object.entries(member)
  if (asked.length > MOST) return undefined
  const claims = new Map<string, ClaimRequest>()
  for (const [name, value] of asked) {
    const claim = parseClaim(value)
    // A name that is not Unicode text can be neither shown nor remembered.
    if (claim === undefined || !name.isWellFormed()) return undefined
    claims.set(name, claim)
  }
  return claims
}

function parseClaim(asked: unknown): ClaimRequest | undefined {
  if (asked === null) return { essential: false }
  if (!isObject(asked)) return undefined
  const { essential, value, values } = asked
  if (essential !== undefined && typeof essential !== 'boolean') return undefined
  if (values !== undefined && !Array.isArray(values)) return undefined
  const wanted: readonly unknown[] | undefined = value === undefined ? values : [value]
  return { essential: essential ?? false, ...(wanted !== undefined && { values: wanted }) }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.length > LONGEST) return undefined
  const object = parseJsonObject(Buffer.from(text))
  return typeof object === 'string' ? undefined : object
}
