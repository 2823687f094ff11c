import { startJwksServer } from './jwks-server.ts'
import { serve, type ServerProcess } from './server-process.ts'
import { serviceFor } from './site.ts'
import type { Storage } from './storage.ts'
import { register, VARIANTS, type Registered } from './variant.ts'

/** A server that knows a client of every variant. */
export interface LibrarySite {
  readonly server: ServerProcess
  readonly issuer: string
  readonly clients: readonly Registered[]
  close(): Promise<void>
}

export interface LibrarySiteOptions {
  /** Of the server. */
  readonly nonce?: 'off' | 'required'
  readonly storage?: Storage
}

/** Starts one. */
export async function serveLibraries(options: LibrarySiteOptions = {}): Promise<LibrarySite> {
  const { nonce = 'off', storage } = options
  const jwksServer = await startJwksServer()
  const clients = VARIANTS.map((variant) => register(variant, jwksServer))
  const server = await serve(
    serviceFor(
      clients.map(({ metadata }) => metadata),
      {
        dpop: { nonce },
        outgoing: { allow_private_hosts: [jwksServer.host], trusted_cas: ['ca.pem'] },
        ...(storage && { store: storage.store }),
      },
    ),
    storage?.options,
  )
  return {
    server,
    issuer: server.site.origin,
    clients,
    close: async () => {
      await server.stop()
      server.site.remove()
      jwksServer.close()
      await storage?.stop()
    },
  }
}
