import { TLS_SUITES } from '@signet/protocol'
import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { HttpAnswer, HttpCall } from '../world.ts'

export interface HttpsOptions {
  /** PEM certificates to trust instead of those of the platform. */
  readonly ca?: string | readonly string[] | undefined
  /** For a whole call, in milliseconds. */
  readonly timeout?: number
}

export interface Https {
  call(call: HttpCall): Promise<HttpAnswer>
  close(): void
}

/** Longer than any metadata, key set or status list we take, in bytes. */
const LARGEST = 2_000_000
const TIMEOUT = 5_000

/** Calls other servers over https only, follows no redirect, and waits and reads no longer than it has to. */
export function createHttps({ ca, timeout = TIMEOUT }: HttpsOptions): Https {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    minVersion: 'TLSv1.2',
    ciphers: TLS_SUITES,
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
  })
  return {
    call: async (call) => {
      if (URL.parse(call.url)?.protocol !== 'https:') throw new Error(`${call.url}: not https`)
      return await send(call, { agent, signal: AbortSignal.timeout(timeout) })
    },
    close: () => agent.destroy(),
  }
}

function send(
  { url, accept, form, certificate }: HttpCall,
  options: Pick<RequestOptions, 'agent' | 'signal'>,
): Promise<HttpAnswer> {
  const headers =
    form === undefined
      ? { accept }
      : {
          accept,
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(form),
        }
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Error(`${url}: ${told(error)}`, { cause: error }))
    const sent = request(url, {
      ...options,
      // The agent keeps connections with and without it apart.
      ...(certificate && { cert: certificate.certificate, key: certificate.key }),
      method: form === undefined ? 'GET' : 'POST',
      headers,
    })
    sent.on('error', fail)
    sent.on('response', (answer) => {
      read(answer).then(resolve, (error: unknown) => {
        sent.destroy()
        fail(error instanceof Error ? error : new Error('unreadable'))
      })
    })
    sent.end(form)
  })
}

async function read(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes: Buffer = chunk
    length += bytes.length
    if (length > LARGEST) throw new Error(`larger than ${LARGEST} bytes`)
    chunks.push(bytes)
  }
  const [mediaType = ''] = (answer.headers['content-type'] ?? '').split(';', 1)
  return {
    status: answer.statusCode ?? 0,
    mediaType: mediaType.trim().toLowerCase(),
    body: Buffer.concat(chunks),
  }
}

function told(error: Error): string {
  return error.name === 'AbortError' || error.name === 'TimeoutError'
    ? 'no answer in time'
    : error.message
}
