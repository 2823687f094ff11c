import { hash, type X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createServer as createPlainServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { TEST_CA, TEST_SERVER } from './certificates.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface Served {
  readonly origin: string
  readonly server: Server
  close(): Promise<void>
}

/** Asks everybody for a certificate, so that one that is shown too freely is seen; nobody must have one. */
const ASKING = { requestCert: true, rejectUnauthorized: false, ca: TEST_CA }

/** Serves over TLS on a port of this machine. */
export async function serve(handler: Handler): Promise<Served> {
  const server = createServer({ ...TEST_SERVER, ...ASKING }, (request, response) => {
    Promise.resolve(handler(request, response)).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    origin: `https://localhost:${portOf(server)}`,
    server,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The thumbprint of the certificate that came with a request, if one did. */
export function shownCertificate(request: IncomingMessage): string | undefined {
  const peer = peerCertificate(request)
  return peer && hash('sha256', peer.raw, 'base64url')
}

export function peerCertificate({ socket }: IncomingMessage): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}

export async function freePort(): Promise<number> {
  const server = createPlainServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

function portOf(server: { address(): ReturnType<Server['address']> }): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
