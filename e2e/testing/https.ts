import { Agent, request } from 'node:https'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Credential } from '../flow/certificate-fetch.ts'
import { AUTHORITY } from './authority.ts'

/** An answer, whole; redirects are answers. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Asking {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
  /** Where to connect to instead of the port of the URL: another process that serves the same issuer. */
  readonly port?: number
  /** Shown where the server asks for one; absent or null: none. */
  readonly certificate?: Credential | null
}

const withoutCertificate = new Agent({ ca: AUTHORITY, keepAlive: true, maxSockets: 32 })
const agents = new WeakMap<Credential, Agent>()

/** One for each certificate, because it belongs to the connection. */
function agentOf(credential: Credential | null | undefined): Agent {
  if (!credential) return withoutCertificate
  const { certificate: cert, key } = credential
  const agent = agents.get(credential) ?? new Agent({ ca: AUTHORITY, keepAlive: true, cert, key })
  agents.set(credential, agent)
  return agent
}

const unreached = new WeakSet<Error>()

/** Whether a request failed because no connection came about: nobody has heard of it. */
export function isUnreached(error: unknown): boolean {
  return error instanceof Error && unreached.has(error)
}

/** Asks over TLS, certificate checked, nothing followed, nothing retried. */
export function ask(url: string | URL, asking: Asking = {}): Promise<Answer> {
  const { hostname, host, port, pathname, search } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const outgoing = request(
    {
      agent: agentOf(asking.certificate),
      hostname,
      servername: hostname,
      port: asking.port ?? port,
      path: pathname + search,
      method: asking.method ?? 'GET',
      headers: { host, ...asking.headers },
    },
    (incoming) => {
      const { statusCode = 0, headers } = incoming
      text(incoming).then((body) => resolve({ status: statusCode, headers, body }), reject)
    },
  )
  let isConnected = false
  outgoing.on('socket', (socket) => {
    isConnected = outgoing.reusedSocket
    if (!isConnected) socket.once('secureConnect', () => (isConnected = true))
  })
  outgoing.on('error', (error) => {
    if (!isConnected) unreached.add(error)
    reject(error)
  })
  outgoing.end(asking.body)
  return promise
}

/** Posts a form. */
export function post(
  url: string | URL,
  form: URLSearchParams | string,
  asking: Asking = {},
): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...asking.headers }
  return ask(url, { ...asking, method: 'POST', headers, body: form.toString() })
}

/** The body as a JSON object. */
export function json({ body }: Pick<Answer, 'body'>): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(body)
  if (typeof value !== 'object' || value === null) throw new Error(`no object: ${body}`)
  return { ...value }
}

/** A member of the body that must be a text. */
export function member(answer: Pick<Answer, 'body' | 'status'>, name: string): string {
  const value = json(answer)[name]
  if (typeof value === 'string') return value
  throw new Error(`no ${name} in ${answer.status} ${answer.body}`)
}
