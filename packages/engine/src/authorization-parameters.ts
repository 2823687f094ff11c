import { TEXT_PARAMETERS, type Form } from '@signet/protocol'
import type { ResponseMode } from './response-modes.ts'

/**
 * What a client asks for, by the names of the wire. Values are as received; which are right is decided by
 * `flow/push.rules.ts`. An empty value counts as absent (RFC 6749 §3.1).
 */
export interface AuthorizationParameters {
  readonly response_type?: string
  readonly response_mode?: string
  readonly redirect_uri?: string
  readonly scope?: string
  readonly state?: string
  readonly nonce?: string
  readonly code_challenge?: string
  readonly code_challenge_method?: string
  readonly dpop_jkt?: string
  readonly prompt?: string
  readonly max_age?: string
  readonly acr_values?: string
  readonly claims?: string
  readonly login_hint?: string
  readonly ui_locales?: string
  readonly id_token_hint?: string
  readonly resource?: readonly string[]
}

/** The parameters of a request that respects every rule of the push; the only form that is kept. */
export interface AcceptedParameters extends Omit<
  AuthorizationParameters,
  'id_token_hint' | 'code_challenge_method' | 'response_type'
> {
  readonly redirect_uri: string
  readonly response_mode?: ResponseMode
  readonly code_challenge: string
  /** The subject of a verified `id_token_hint`; the token itself is not kept. */
  readonly hinted_subject?: string
}

const NAMES: ReadonlySet<string> = new Set([
  ...TEXT_PARAMETERS,
  'max_age',
  'claims',
] satisfies (keyof AuthorizationParameters)[])

/** Picks the parameters of an authorization request out of a form; what has no meaning to us is left behind. */
export function readParameters(form: Form): AuthorizationParameters {
  const parameters: Record<string, string> = {}
  const resource = new Set<string>()
  for (const [name, value] of form) {
    if (value === '') continue
    if (name === 'resource') resource.add(value)
    else if (NAMES.has(name)) parameters[name] = value
  }
  return resource.size === 0 ? parameters : { ...parameters, resource: [...resource] }
}

/** Splits a list that is separated by spaces, such as `scope` or `prompt`; its order and repetitions mean nothing. */
export function words(list: string | undefined): readonly string[] {
  return list === undefined ? [] : [...new Set(list.split(' '))].filter((word) => word !== '')
}
