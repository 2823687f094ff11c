import { TLS_SUITES } from '@signet/protocol'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { getCACertificates, type SecureContextOptions } from 'node:tls'
import type { CustomFetch } from 'openid-client'
import { readBytes } from '../http/read-body.ts'
import type { OwnCertificate } from './client-certificate.ts'

/** No answer of an authorization server is longer, in bytes. */
const LONGEST_ANSWER = 1_048_576
const LONGEST_HEADERS = 32_768

export interface Outgoing {
  /** Opens a request; nothing is followed, nothing is sent again. */
  open(url: URL, options: Opening): ClientRequest
  /** For `openid-client`. Answers are read whole, up to a limit. */
  readonly fetch: CustomFetch
  /** The same, and shows the certificate of the client, if it has one. */
  readonly certifiedFetch: CustomFetch
  close(): void
}

export interface Opening {
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[]>>
  /** A connection of its own, which will not come back: for WebSockets. */
  readonly alone?: boolean
  /** Shows the certificate of the client, if it has one. */
  readonly certified?: boolean
}

export interface OutgoingOptions {
  /** PEM certificates to trust besides those of Node. */
  readonly ca?: string | undefined
  readonly certificate?: OwnCertificate | undefined
}

/** The way out of the BFF: connections are kept, certificates are checked. */
export function createOutgoing({ ca, certificate }: OutgoingOptions): Outgoing {
  const tls = {
    minVersion: 'TLSv1.2',
    ciphers: TLS_SUITES,
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }),
  } as const
  // Agents of their own: no connection that has shown the certificate serves a request that must not.
  const anonymous = createAgents(tls)
  const certified = createAgents({
    ...tls,
    ...(certificate !== undefined && { cert: certificate.chain, key: certificate.key }),
  })
  const plainAgent = new PlainAgent({ keepAlive: true })
  const open = (url: URL, opening: Opening): ClientRequest => {
    const options = {
      method: opening.method,
      headers: opening.headers,
      maxHeaderSize: LONGEST_HEADERS,
    }
    const agents = opening.certified === true ? certified : anonymous
    const request =
      url.protocol === 'http:'
        ? plainRequest(url, { ...options, agent: plainAgent })
        : tlsRequest(url, {
            ...options,
            agent: opening.alone === true ? agents.alone : agents.kept,
          })
    // A connection can break after its answer has begun; whoever reads that hears of it there. Unheard, it ends the process.
    return request.on('error', () => undefined)
  }
  return {
    open,
    fetch: fetchBy(open),
    certifiedFetch: fetchBy((url, opening) => open(url, { ...opening, certified: true })),
    close: () => {
      const agents = [anonymous, certified].flatMap(({ kept, alone }) => [kept, alone])
      for (const each of [...agents, plainAgent]) each.destroy()
    },
  }
}

interface Agents {
  readonly kept: Agent
  readonly alone: Agent
}

function createAgents(tls: SecureContextOptions): Agents {
  return {
    kept: new Agent({ ...tls, keepAlive: true, maxFreeSockets: 64 }),
    alone: new Agent({ ...tls, keepAlive: false }),
  }
}

function fetchBy(open: Outgoing['open']): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const text = body === undefined || body === null ? undefined : bodyText(body)
    const length = text === undefined ? {} : { 'content-length': `${Buffer.byteLength(text)}` }
    const request = open(new URL(url), { method, headers: { ...headers, ...length } })
    const stop = (): void => void request.destroy(asError(signal?.reason))
    signal?.addEventListener('abort', stop, { once: true })
    try {
      signal?.throwIfAborted()
      request.end(text)
      return await responseOf(request)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

async function responseOf(request: ClientRequest): Promise<Response> {
  const incoming = await answerOf(request)
  const bytes = await readBytes(incoming, LONGEST_ANSWER)
  if (bytes === undefined) throw new Error(`the answer is longer than ${LONGEST_ANSWER} bytes`)
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const status = incoming.statusCode ?? 0
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : new Uint8Array(bytes), { status, headers })
}

/** Waits for the head of an answer. @throws whatever kept it from coming */
export async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  request.once('upgrade', (_incoming: IncomingMessage, socket: Duplex) => {
    socket.destroy()
    request.emit('error', new Error('an upgrade that nobody asked for'))
  })
  const [incoming]: readonly unknown[] = await once(request, 'response')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this event carries
  return incoming as IncomingMessage
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('a body of the OAuth client is a form')
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the request was given up')
}
