import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from '../testing/free-ports.ts'

/**
 * Where a line breaks: `before` the store hears of what it is asked, or `after`, when it has done it and nobody is told.
 */
export type Place = 'before' | 'after'

/** The line between a server and its store, which can be made slow, and be cut. */
export interface SlowLine {
  readonly port: number
  /** What the store answers is kept back for so long, in milliseconds. */
  delay: number
  /** Cuts the line the next time the store is asked something with these words in it. */
  cut(place: Place, words: string): void
  close(): void
}

interface Cut {
  readonly place: Place
  readonly words: string
}

/** @param target where the store listens: a socket of the file system, or a port of the loopback */
export async function layLine(target: string | number): Promise<SlowLine> {
  const sockets = new Set<Socket>()
  const line = { delay: 0 }
  let next: Cut | undefined
  const listener = createServer((near) => {
    const far = typeof target === 'string' ? connect(target) : connect(target, '127.0.0.1')
    let isDoomed = false
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (bytes) => {
      const isMeant = next !== undefined && bytes.includes(next.words)
      if (isMeant && next?.place === 'before') near.destroy()
      else far.write(bytes)
      if (!isMeant) return
      isDoomed = true
      next = undefined
    })
    far.on('data', (bytes) => {
      if (isDoomed) near.destroy()
      else if (line.delay === 0) near.write(bytes)
      else setTimeout(() => near.write(bytes), line.delay)
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return Object.assign(line, {
    port: portOf(listener),
    cut: (place: Place, words: string) => void (next = { place, words }),
    close: () => {
      listener.close()
      for (const socket of sockets) socket.destroy()
    },
  })
}
