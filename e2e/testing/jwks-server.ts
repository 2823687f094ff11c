import { once } from 'node:events'
import { createServer } from 'node:https'
import { CREDENTIAL } from './authority.ts'
import { portOf } from './free-ports.ts'

/** Where clients publish their keys. */
export interface JwksServer {
  readonly host: string
  /** Publishes a set. @returns its `jwks_uri` */
  publish(name: string, keys: readonly object[]): string
  close(): void
}

export async function startJwksServer(): Promise<JwksServer> {
  const sets = new Map<string, string>()
  const { certificate: cert, key } = CREDENTIAL
  const server = createServer({ cert, key }, ({ url = '' }, response) => {
    const name = url.slice(1)
    response.statusCode = sets.has(name) ? 200 : 404
    response.setHeader('content-type', 'application/jwk-set+json').end(sets.get(name) ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `localhost:${portOf(server)}`
  return {
    host,
    publish: (name, keys) => {
      sets.set(name, JSON.stringify({ keys }))
      return `https://${host}/${name}`
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
