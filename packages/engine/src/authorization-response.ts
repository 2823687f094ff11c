import type { Refusal } from '@signet/protocol'
import type { AcceptedParameters } from './authorization-parameters.ts'
import type { Service } from './config.ts'

/** Where a client wants its answer, and what it wants back with it. */
type ResponseTarget = Pick<AcceptedParameters, 'redirect_uri' | 'state'>

/**
 * The location that brings a client its code.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749 §4.1.2}; RFC 9207 §2 for `iss`
 */
export function codeLocation(target: ResponseTarget, code: string, { issuer }: Service): string {
  return withParameters(target.redirect_uri, [
    ['code', code],
    ['state', target.state],
    ['iss', issuer],
  ])
}

/**
 * The location that tells a client of an error, with these parameters and no others.
 *
 * @param eventId the audit event that explains the error; `error_uri` leads to it
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1 RFC 6749 §4.1.2.1}; OIDC Core §3.1.2.6
 */
export function errorLocation(
  target: ResponseTarget,
  { refusal, eventId }: { readonly refusal: Refusal; readonly eventId: string },
  { issuer, endpoints }: Service,
): string {
  return withParameters(target.redirect_uri, [
    ['error', refusal.error],
    ['error_description', refusal.description],
    ['error_uri', `${endpoints.errors}/${eventId}`],
    ['state', target.state],
    ['iss', issuer],
  ])
}

/** Adds parameters to a registered URI; what the URI has already, its own query too, stays byte for byte. */
export function withParameters(
  uri: string,
  parameters: readonly (readonly [name: string, value: string | undefined])[],
): string {
  let location = uri
  let separator = separatorAfter(uri)
  for (const [name, value] of parameters) {
    if (value === undefined) continue
    location += `${separator}${name}=${encodeURIComponent(value)}`
    separator = '&'
  }
  return location
}

function separatorAfter(uri: string): '' | '?' | '&' {
  if (!uri.includes('?')) return '?'
  return uri.endsWith('?') || uri.endsWith('&') ? '' : '&'
}
