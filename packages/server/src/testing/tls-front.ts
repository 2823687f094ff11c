import type { Credential } from '../dev/certificate-authority.ts'
import { once } from 'node:events'
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

/** Puts TLS before a server that has none. */
export interface TlsFront {
  readonly port: number
  close(): Promise<void>
}

export interface TlsFrontOptions {
  readonly credential: Credential
  readonly target: NetConnectOpts
  /** Whether TLS begins only when a client of PostgreSQL has asked for it. */
  readonly postgres: boolean
}

/** `SSLRequest`: its length, and a number that is no version of the protocol. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')

export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const { certificate: cert, key } = options.credential
  const secureContext = createSecureContext({ cert, key })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    void accept(socket, options).then((isClient) => {
      if (!isClient) return socket.destroy()
      const secure = new TLSSocket(socket, { isServer: true, secureContext })
      const target = connect(options.target)
      for (const [one, other] of [
        [secure, target],
        [target, secure],
      ] as const) {
        one.on('error', () => other.destroy())
        one.pipe(other)
      }
      return undefined
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function accept(socket: Socket, { postgres }: TlsFrontOptions): Promise<boolean> {
  if (!postgres) return true
  const [first] = await once(socket, 'data')
  socket.pause()
  if (!SSL_REQUEST.equals(first)) return false
  socket.write('S')
  return true
}
