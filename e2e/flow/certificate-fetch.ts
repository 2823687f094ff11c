import { Agent, request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { CustomFetch } from 'openid-client'
import { contentOf } from './wire.ts'

/** A certificate and its private key, both PEM. */
export interface Credential {
  readonly certificate: string
  readonly key: string
}

/**
 * A `fetch` that shows a certificate wherever it is asked for one, for openid-client. The `fetch` of Node has no way to give
 * it one.
 */
export function fetchWithCertificate({ certificate: cert, key }: Credential): CustomFetch {
  const agent = new Agent({ cert, key, keepAlive: true })
  return async (url, { method, headers, body, signal }) => {
    const sent = Buffer.from(await new Response(contentOf(body)).arrayBuffer())
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const outgoing = request(
      url,
      { agent, method, headers, ...(signal && { signal }) },
      (incoming) => {
        const { statusCode: status = 0, headersDistinct } = incoming
        buffer(incoming).then((bytes) => {
          const answer = new Response(bytes.length === 0 ? null : bytes, { status })
          for (const [name, values = []] of Object.entries(headersDistinct)) {
            for (const value of values) answer.headers.append(name, value)
          }
          resolve(answer)
        }, reject)
      },
    )
    outgoing.on('error', reject).end(sent)
    return promise
  }
}
