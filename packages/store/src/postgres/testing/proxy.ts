import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestServer } from './server.ts'

/** What becomes of what goes through: everything passes, no answer comes back, or no question arrives. */
export type Weather = 'fair' | 'answers lost' | 'questions lost'

/** A network between the store and a server, which can be broken. */
export interface Proxy {
  url(database: string): string
  weather: Weather
  /** Resolves when the server has answered something that was lost. */
  readonly answerLost: Promise<void>
  /** Ends every connection, as a reset does. */
  cut(): void
  close(): Promise<void>
}

export async function startProxy(server: TestServer): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const lost = Promise.withResolvers<void>()
  const proxy = { weather: 'fair' as Weather }
  const listener = createServer((near) => {
    const far = connect(`${server.directory}/.s.PGSQL.${server.port}`)
    const pair = [near, far] as const
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
    near.on('data', (bytes) => {
      if (proxy.weather !== 'questions lost') far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (proxy.weather === 'answers lost') lost.resolve()
      else near.write(bytes)
    })
  })
  const port = await listening(listener)
  return Object.assign(proxy, {
    url: (database: string) => `postgres://signet@127.0.0.1:${port}/${database}`,
    answerLost: lost.promise,
    cut: () => {
      for (const [near, far] of pairs) {
        near.resetAndDestroy()
        far.destroy()
      }
    },
    close: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  })
}

async function listening(listener: Server): Promise<number> {
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
