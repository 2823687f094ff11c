import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server that can break in the worst moment. */
export interface CuttingProxy {
  readonly url: string
  /** From now on what the server answers is thrown away, and the connection cut with it. */
  cutAnswers(): void
  /** From now on nothing is passed on, and nobody is told. */
  swallow(): void
  /** Works as it should again. */
  mend(): void
  /** Breaks every connection, and leads to another port from then on: a failover. */
  leadTo(port: number): void
  close(): void
}

/** Listens on the loopback and passes everything on to this port. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  let target = port
  let mode: 'pass' | 'cut' | 'swallow' = 'pass'
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (mode !== 'swallow') upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (mode === 'cut') client.destroy()
      else if (mode === 'pass') client.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    url: `redis://127.0.0.1:${address.port}`,
    cutAnswers: () => {
      mode = 'cut'
    },
    swallow: () => {
      mode = 'swallow'
    },
    mend: () => {
      mode = 'pass'
    },
    leadTo: (other) => {
      target = other
      for (const socket of sockets) socket.destroy()
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
