import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { AUTHORITY } from './authority.ts'

/** Opens a connection as it is, for what no HTTP client would send. */
export async function dial(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: AUTHORITY,
    ...options,
  })
  await once(socket, 'secureConnect')
  return socket
}

/** Everything the other side says until it hangs up, or falls silent for the given time. */
export function hearing(
  socket: NodeJS.ReadableStream & { destroy(): unknown },
  silence = 2_000,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let heard = ''
  const stop = (): void => {
    clearTimeout(timer)
    socket.destroy()
    resolve(heard)
  }
  let timer = setTimeout(stop, silence)
  socket.on('data', (chunk) => {
    heard += String(chunk)
    clearTimeout(timer)
    timer = setTimeout(stop, silence)
  })
  for (const end of ['end', 'close', 'error']) socket.on(end, stop)
  return promise
}

/** Says something over TLS and listens. */
export async function say(port: number, bytes: string | Buffer, silence?: number): Promise<string> {
  const socket = await dial(port)
  const heard = hearing(socket, silence)
  socket.write(bytes)
  return heard
}

/** Says something without TLS and listens. */
export async function sayPlain(port: number, text: string): Promise<string> {
  const socket = connectPlain(port, '127.0.0.1')
  const heard = hearing(socket)
  socket.write(text)
  return heard
}

/** The status of a raw answer; zero when there was none. */
export function statusOf(raw: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1] ?? 0)
}
