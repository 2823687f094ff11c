import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from '../testing/free-ports.ts'

/** The line between a server and its store, which can be made slow, and be cut. */
export interface SlowLine {
  readonly port: number
  /** What the store answers is kept back for so long, in milliseconds. */
  delay: number
  /** Cuts the line as soon as the store answers again: it has done what it was asked, and nobody hears of it. */
  cutNextAnswer(): void
  close(): void
}

/** @param target where the store listens: a socket of the file system, or a port of the loopback */
export async function layLine(target: string | number): Promise<SlowLine> {
  const sockets = new Set<Socket>()
  const line = { delay: 0 }
  let cuts = false
  const listener = createServer((near) => {
    const far = typeof target === 'string' ? connect(target) : connect(target, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => {
      if (cuts) {
        cuts = false
        near.destroy()
      } else if (line.delay === 0) near.write(bytes)
      else setTimeout(() => near.write(bytes), line.delay)
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return Object.assign(line, {
    port: portOf(listener),
    cutNextAnswer: () => void (cuts = true),
    close: () => {
      listener.close()
      for (const socket of sockets) socket.destroy()
    },
  })
}
