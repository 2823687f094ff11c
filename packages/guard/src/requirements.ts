import type { JsonObject, Seconds } from '@signet/protocol'
import type { GuardRequest } from './request.ts'

/** What one route asks for beyond a good token. */
export interface Requirements {
  /** All of them. */
  readonly requireScopes?: readonly string[] | undefined
  /** How the user has to have logged in. @see RFC 9470 */
  readonly requireAcr?: AuthenticationRequirement | undefined
  /** Whether the authorization details of the token cover this request. @see RFC 9396 */
  readonly requireAuthorizationDetails?:
    ((details: readonly JsonObject[], request: GuardRequest) => boolean) | undefined
  /** Whether the client has to sign the request; needs the option `clientKeys`. @see FAPI 2.0 HTTP Signatures */
  readonly signedRequest?: boolean | undefined
  /** Whether answers are signed, refusals among them; needs the option `responseKey`. */
  readonly signedResponse?: boolean | undefined
}

export interface AuthenticationRequirement {
  /** One of these; the most wanted first. */
  readonly acr?: readonly string[] | undefined
  /** How long ago the login may lie. */
  readonly maxAge?: Seconds | undefined
}
