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
  readonly request?: string
  readonly request_uri?: string
  readonly resource?: readonly string[]
}

/** The parameters of a request that respects every rule of the push; the only form that is kept. */
export interface AcceptedParameters extends Omit<
  AuthorizationParameters,
  'request' | 'request_uri' | 'id_token_hint' | 'code_challenge_method' | 'response_type'
> {
  readonly redirect_uri: string
  readonly code_challenge: string
  /** The subject of a verified `id_token_hint`; the token itself is not kept. */
  readonly hinted_subject?: string
}
