import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Ports of the loopback that nobody listens on at the moment, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening))
  const ports = servers.map(portOf)
  await Promise.all(servers.map(closed))
  return ports
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The port somebody listens on. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}

async function closed(server: Server): Promise<void> {
  const gone = once(server, 'close')
  server.close()
  await gone
}
