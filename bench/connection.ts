import { Agent, request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Sent {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Connection {
  readonly send: (sent: Sent) => Promise<Answer>
  /** Does something for every item, a few at a time, and keeps the order of the results. */
  readonly forAll: <Item, Result>(
    items: readonly Item[],
    each: (item: Item) => Promise<Result>,
  ) => Promise<readonly Result[]>
  readonly close: () => void
}

/**
 * Speaks plain HTTP to one server.
 *
 * @param inFlight requests under way at the same time, each on a connection that stays open
 */
export function connect(origin: string, inFlight: number): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight, maxFreeSockets: inFlight })
  const { hostname, port } = new URL(origin)
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const outgoing = request({ agent, hostname, port, method, path, headers }, (incoming) => {
          text(incoming).then(
            (received) =>
              resolve({
                status: incoming.statusCode ?? 0,
                headers: incoming.headers,
                body: received,
              }),
            reject,
          )
        })
        outgoing.on('error', reject).end(body)
      }),
    forAll: async (items, each) => {
      const results: Awaited<ReturnType<typeof each>>[] = []
      const queue = items.entries()
      const work = async (): Promise<void> => {
        for (const [index, item] of queue) results[index] = await each(item)
      }
      await Promise.all(Array.from({ length: inFlight }, work))
      return results
    },
    close: () => agent.destroy(),
  }
}
