import type { CustomFetch, FetchBody } from 'openid-client'

/** The `fetch` of Node, for openid-client. */
export const plainFetch: CustomFetch = (url, { body, ...options }) =>
  fetch(url, { ...options, body: contentOf(body) })

/** The same, as the types of Node want it. */
export function contentOf(body: FetchBody): BodyInit | null {
  return body instanceof Uint8Array ? Buffer.from(body) : (body ?? null)
}

/** One call of the client, as it went over the wire. */
export interface Exchange {
  readonly url: URL
  /** The names in the form it sent. */
  readonly sent: readonly string[]
  readonly contentType: string
  readonly body: string
}

/** What the client said and heard, to look at: the library tells only what it means. */
export class Wire {
  readonly #latest = new Map<string, Exchange>()
  readonly fetch: CustomFetch

  constructor(send: CustomFetch) {
    this.fetch = async (url, options) => {
      const answer = await send(url, options)
      const { body } = options
      const place = new URL(url)
      this.#latest.set(place.pathname.split('/').at(-1) ?? '', {
        url: place,
        sent: body instanceof URLSearchParams ? [...body.keys()].toSorted() : [],
        contentType: answer.headers.get('content-type') ?? '',
        body: await answer.clone().text(),
      })
      return answer
    }
  }

  /** The latest call of an endpoint, by the end of its path. */
  latest(endpoint: string): Exchange {
    const exchange = this.#latest.get(endpoint)
    if (exchange === undefined) throw new Error(`nobody called ${endpoint}`)
    return exchange
  }
}

/** Whether a token is one that only its reader can open (RFC 7516 §3). */
export function isSealed(token: string): boolean {
  return token.split('.').length === 5
}
