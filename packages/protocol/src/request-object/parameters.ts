import type { Form } from '../form.ts'
import type { JsonObject } from '../jose/json-object.ts'
import { isJti } from '../replay.ts'
import type { RequestObjectClaims } from './claims.ts'

/** What a JWT says of itself; it asks for nothing. @see RFC 7519 §4.1 */
const REGISTERED: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** The parameters of an authorization request that are text, in JSON too. @see RFC 9101 §4 */
export const TEXT_PARAMETERS = [
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'prompt',
  'acr_values',
  'login_hint',
  'ui_locales',
  'id_token_hint',
] as const

/** The first member whose type leaves open what it means. Members nobody knows may be anything: they are ignored. */
export function wrongMember(claims: JsonObject): string | undefined {
  const { jti, max_age: age, resource } = claims
  if (jti !== undefined && !isJti(jti)) return 'jti'
  if (age !== undefined && typeof age !== 'number' && !isText(age)) return 'max_age'
  if (resource !== undefined && ![resource].flat().every(isText)) return 'resource'
  return TEXT_PARAMETERS.find((name) => claims[name] !== undefined && !isText(claims[name]))
}

/** As a form would have it: what is no Unicode text cannot be sent back either. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}

/**
 * The authorization parameters of a request object, as if they had come in a form: numbers in decimal, objects as JSON,
 * each `resource` by itself.
 *
 * @see RFC 9101 §4, OpenID Connect Core §6.1
 */
export function requestParameters(claims: RequestObjectClaims): Form {
  return Object.entries(claims).flatMap(([name, value]) => {
    if (REGISTERED.has(name)) return []
    const values: readonly unknown[] = name === 'resource' ? [value].flat() : [value]
    return values.map((each) => [name, textOf(each)] as const)
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
