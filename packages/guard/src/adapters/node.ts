import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { createGuard } from '../create-guard.ts'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Challenge, Granted } from '../outcome.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import { readMessage } from './body.ts'
import { holdAnswer } from './hold-answer.ts'

/** What was granted to a request. */
export interface GrantedWithBody extends Granted {
  /** The body of a signed request, which was read to verify it; undefined where it was not. */
  readonly body: Uint8Array | undefined
}

/** A guard for `node:http` and `node:https`. */
export interface NodeGuard {
  readonly guard: Guard
  /**
   * Checks a request, and answers it when it is refused.
   *
   * @returns what was granted; undefined when the request was answered. The body of a signed
   *   request has been read then, and is in `body`.
   */
  check(
    request: IncomingMessage,
    response: ServerResponse,
    requirements?: Requirements,
  ): Promise<GrantedWithBody | undefined>
  /** Answers a request for the metadata document, and tells whether it was one. */
  metadata(request: IncomingMessage, response: ServerResponse): boolean
}

/** @throws InvalidGuardOptions */
export function guard(options: GuardOptions | Guard): NodeGuard {
  const made = guardOf(options)
  return {
    guard: made,
    check: async (request, response, requirements) => {
      made.checkRequirements(requirements)
      let body: Promise<Uint8Array> | undefined
      const readBody = (): Promise<Uint8Array> => (body ??= readMessage(request, made.largestBody))
      const asked = requestOf(request, { readBody })
      if (requirements?.signedResponse) holdAnswer(response, (held) => made.sign(asked, held))
      const outcome = await made.check(asked, requirements)
      if (outcome.action === 'refused') {
        answer(response, outcome)
        return undefined
      }
      setHeaders(response, outcome)
      return { ...outcome, body: await body?.catch(() => undefined) }
    },
    metadata: (request, response) => {
      if (request.method !== 'GET' || request.url !== made.metadataPath) return false
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(made.metadata()))
      return true
    },
  }
}

/** A guard that was made before, or one for these options. */
export function guardOf(options: GuardOptions | Guard): Guard {
  return 'check' in options ? options : createGuard(options)
}

/** A request as Node parsed it. `target` where a framework changed `url`. */
export function requestOf(
  message: IncomingMessage,
  change: Partial<Pick<GuardRequest, 'target' | 'formParameters' | 'readBody'>> = {},
): GuardRequest {
  const { socket } = message
  return {
    method: message.method ?? '',
    target: change.target ?? message.url ?? '',
    headers: message.rawHeaders,
    formParameters: change.formParameters,
    readBody: change.readBody,
    peerAddress: socket.remoteAddress,
    peerCertificate: () => certificateOf(socket),
  }
}

/** The certificate of a TLS connection, whose private key its other end has proved to hold. */
function certificateOf(socket: object): Uint8Array | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined
}

/** Sets what every answer to a granted request has to carry. */
export function setHeaders(response: ServerResponse, { headers }: Granted): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** Answers a refused request. */
export function answer(response: ServerResponse, { status, headers, body }: Challenge): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (body === undefined) {
    response.end()
    return
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

/** Whether a body is a form, in which a token could hide. */
export function isForm(contentType: string | undefined): boolean {
  return /^(?:application\/x-www-form-urlencoded|multipart\/form-data)(?:[;\s]|$)/i.test(
    contentType ?? '',
  )
}

/** The names of the members of a body that was parsed. */
export function namesOf(body: unknown): readonly string[] {
  return typeof body === 'object' && body !== null ? Object.keys(body) : []
}
