import { once } from 'node:events'
import { createServer } from 'node:https'
import { CREDENTIAL } from './authority.ts'
import { portOf } from './free-ports.ts'

/** Where a client waits for its answers. */
export interface CallbackServer {
  readonly redirectUri: string
  readonly afterLogout: string
  close(): void
}

export async function startCallbackServer(): Promise<CallbackServer> {
  const { certificate: cert, key } = CREDENTIAL
  const server = createServer({ cert, key }, (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      '<!doctype html><html lang="en"><title>Client</title><link rel="icon" href="data:,">',
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `https://localhost:${portOf(server)}`
  return {
    redirectUri: `${origin}/callback`,
    afterLogout: `${origin}/bye`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
