import { fieldsOf, type Presentation } from '@signet/protocol'

/** One request to the API, as it came over the wire: nothing merged, nothing guessed. */
export interface GuardRequest {
  readonly method: string
  /** The request target: path and query as sent. Its host, if it has one, is not believed. */
  readonly target: string
  /** Names and values in turn, in the order of the wire, duplicates and all: `rawHeaders` of Node. */
  readonly headers: readonly string[]
  /** The names of the parameters of a form body that was parsed before the check. */
  readonly formParameters?: readonly string[] | undefined
  /** The address of the TCP connection: the client, or the last proxy. */
  readonly peerAddress?: string | undefined
  /** The certificate of the TLS connection (DER), asked for only when a token needs it. */
  readonly peerCertificate?: (() => Uint8Array | undefined) | undefined
  /**
   * The bytes of the body as they came, empty where there is none. Asked for only by a route with signed requests, once the
   * signature holds. Rejects with `Refused` for a body that is too large or did not arrive whole.
   */
  readonly readBody?: (() => Promise<Uint8Array>) | undefined
}

/** The path of the request target, in origin form or absolute form. @see RFC 9112 §3.2 */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const bare = end === -1 ? target : target.slice(0, end)
  if (bare.startsWith('/')) return bare
  return bare.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]*/, '') || '/'
}

/** Path and query of the request target. */
export function pathAndQueryOf(target: string): string {
  const [whole = target] = target.split('#', 1)
  const query = whole.indexOf('?')
  return query === -1 ? pathOf(whole) : pathOf(whole) + whole.slice(query)
}

/** Where a request put its token. */
export function presentationOf(request: GuardRequest): Presentation {
  return {
    authorization: fieldsOf(request.headers, 'authorization'),
    parameterNames: namesToken(request) ? TOKEN_PARAMETER : NONE,
  }
}

const TOKEN_PARAMETER = ['access_token'] as const
const NONE: readonly string[] = []

function namesToken({ target, formParameters }: GuardRequest): boolean {
  const query = target.indexOf('?')
  const inQuery = query !== -1 && new URLSearchParams(target.slice(query)).has('access_token')
  return inQuery || (formParameters?.includes('access_token') ?? false)
}
