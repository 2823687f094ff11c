import type { FastifyInstance } from 'fastify'

/**
 * Takes no more connections, waits until the requests under way are answered, and after `milliseconds` cuts off those that
 * are not.
 */
export async function closeGently(app: FastifyInstance, milliseconds: number): Promise<void> {
  // A connection becomes idle when its answer is out; nobody else would end it then.
  const idle = setInterval(() => app.server.closeIdleConnections(), 50)
  const cut = setTimeout(() => app.server.closeAllConnections(), milliseconds)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(cut)
  }
}
