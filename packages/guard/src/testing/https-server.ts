import { once } from 'node:events'
import type { RequestListener, Server as HttpServer } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { after } from 'node:test'

/** Serves on a free port of this machine until the tests of the file have run, and tells its origin. */
export async function serveHttps(
  options: ServerOptions,
  listener: RequestListener,
): Promise<string> {
  return await serve(createServer(options, listener))
}

export async function serve(server: Server | HttpServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `https://localhost:${address.port}`
}
