import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'

/** An answer with everything that was in it. */
export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
  /** The body as JSON; throws when it is none. */
  json(): Record<string, unknown>
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
  readonly tls?: RequestOptions
}

/** Sends one request on a connection of its own, and follows nothing. */
export function exchange(url: string, sent: Sent = {}): Promise<Received> {
  const { method = 'GET', headers = {}, body, tls } = sent
  const { promise, resolve, reject } = Promise.withResolvers<Received>()
  const start = url.startsWith('https:') ? httpsRequest : httpRequest
  const options: RequestOptions = { method, agent: false, ...tls }
  const request = start(url, options, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        rawHeaders: response.rawHeaders,
        body: text,
        json: () => JSON.parse(text),
      })
    })
  })
  request.on('error', reject)
  for (const [name, value] of Object.entries(headers)) {
    request.setHeader(name, typeof value === 'string' ? value : [...value])
  }
  if (body !== undefined) request.setHeader('content-length', Buffer.byteLength(body))
  request.end(body)
  return promise
}

const FORM = 'application/x-www-form-urlencoded'

export function postForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Sent['headers'] = {},
): Promise<Received> {
  const body = new URLSearchParams(fields).toString()
  return exchange(url, { method: 'POST', headers: { 'content-type': FORM, ...headers }, body })
}

/** What a browser would send back of the cookies it was given. */
export function cookieHeader(...answers: readonly Received[]): string {
  const jar = new Map<string, string>()
  for (const { headers } of answers) {
    for (const line of headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';', 1)
      const equals = pair.indexOf('=')
      if (/max-age=0/i.test(line)) jar.delete(pair.slice(0, equals))
      else jar.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}
