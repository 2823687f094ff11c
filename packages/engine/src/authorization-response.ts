import { createAuthorizationResponse, type Refusal } from '@signet/protocol'
import type { AcceptedParameters } from './authorization-parameters.ts'
import type { Client } from './clients/client.ts'
import type { ResponseToClient } from './outcomes.ts'
import type { Ports } from './ports.ts'
import { isSigned } from './response-modes.ts'
import { assertReadable, encryptFor } from './tokens/encrypt-for.ts'
import { signerOf } from './tokens/issue.ts'

/** A client that waits for an answer, and where and how it wants it. */
interface ResponseTarget {
  readonly client: Client
  readonly pushed: {
    readonly parameters: Pick<AcceptedParameters, 'redirect_uri' | 'response_mode' | 'state'>
  }
}

type Pairs = readonly (readonly [name: string, value: string | undefined])[]

/**
 * The response that brings a client its code.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749 §4.1.2}
 */
export function codeResponse(
  target: ResponseTarget,
  code: string,
  ports: Ports,
): ResponseToClient | Promise<ResponseToClient> {
  return respond(target, [['code', code]], ports)
}

/**
 * The response that tells a client of an error, with these parameters and no others.
 *
 * @param eventId the audit event that explains the error; `error_uri` leads to it
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1 RFC 6749 §4.1.2.1}; OIDC Core §3.1.2.6
 */
export async function errorResponse(
  target: ResponseTarget,
  { refusal, eventId }: { readonly refusal: Refusal; readonly eventId: string },
  ports: Ports,
): Promise<ResponseToClient> {
  const response = await respond(
    target,
    [
      ['error', refusal.error],
      ['error_description', refusal.description],
      ['error_uri', `${ports.service.endpoints.errors}/${eventId}`],
    ],
    ports,
  )
  return { ...response, eventId }
}

/** Makes sure that there can be a response, before anything is spent on it. @throws Refused `unauthorized_client`. */
export async function assertAnswerable(
  { client, pushed: { parameters } }: ResponseTarget,
  ports: Ports,
): Promise<void> {
  if (isSigned(parameters.response_mode ?? 'query'))
    await assertReadable(client, client.authorizationResponse, ports)
}

/** As the client asked in its request: in the query or in a form, plain or as one signed JWT. */
function respond(
  target: ResponseTarget,
  answer: Pairs,
  ports: Ports,
): ResponseToClient | Promise<ResponseToClient> {
  const { state, response_mode: mode = 'query' } = target.pushed.parameters
  const pairs: Pairs = [...answer, ['state', state]]
  return isSigned(mode)
    ? respondSigned(target, pairs, ports)
    : // With JARM the iss of RFC 9207 is inside the JWT only.
      sent(target, [...pairs, ['iss', ports.service.issuer]])
}

/** @see JARM §2 */
async function respondSigned(
  target: ResponseTarget,
  pairs: Pairs,
  ports: Ports,
): Promise<ResponseToClient> {
  const { client } = target
  const { algorithm: alg, encryption } = client.authorizationResponse
  const jwt = createAuthorizationResponse({
    issuer: ports.service.issuer,
    clientId: client.id,
    parameters: pairs,
    now: ports.clock.now(),
    key: signerOf(alg, ports),
    alg,
  })
  return sent(target, [['response', await encryptFor(client, { jwt, encryption }, ports)]])
}

function sent({ pushed: { parameters } }: ResponseTarget, pairs: Pairs): ResponseToClient {
  const { redirect_uri: redirectUri, response_mode: mode = 'query' } = parameters
  if (!mode.startsWith('form_post')) {
    return { action: 'redirect', location: withParameters(redirectUri, pairs) }
  }
  const fields = pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { action: 'form-post', redirectUri, fields }
}

/** Adds parameters to a registered URI; what the URI has already, its own query too, stays byte for byte. */
export function withParameters(uri: string, parameters: Pairs): string {
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
