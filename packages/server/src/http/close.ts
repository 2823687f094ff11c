import type { FastifyInstance } from 'fastify'
import { Server } from 'node:net'

/** For how long a client that keeps a connection is given the chance to hear, with an answer, that it ends. */
const LINGER_MILLISECONDS = 1_000
/** How often is looked for connections on which nothing is under way any more. */
const LOOK_MILLISECONDS = 50
/** How long nobody waits for connections that cannot be cut: those in the middle of a TLS handshake. */
const SPARE_MILLISECONDS = 500

/**
 * Takes no more connections, waits until the requests under way are answered, and after `milliseconds` cuts off those that
 * are not.
 *
 * A connection on which nothing is under way may carry a request that is on its way to us. If it were closed now the request
 * would be lost, and its client could not know whether it was heard. So it is answered, and the answer says that the
 * connection ends; only connections that are silent for a while are closed.
 *
 * @see RFC 9112 §9.6
 */
export async function closeGently(app: FastifyInstance, milliseconds: number): Promise<void> {
  const { server } = app
  server.prependListener('request', (_request, response) => {
    response.setHeader('connection', 'close')
  })
  const { promise: overdue, resolve: giveUp } = Promise.withResolvers<void>()
  const timers = [
    after(Math.min(LINGER_MILLISECONDS, milliseconds), () => {
      timers.push(setInterval(() => server.closeIdleConnections(), LOOK_MILLISECONDS))
    }),
    after(milliseconds, () => server.closeAllConnections()),
    after(milliseconds + SPARE_MILLISECONDS, giveUp),
  ]
  try {
    await Promise.race([stopListening(server).then(() => app.close()), overdue])
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

function after(milliseconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, milliseconds)
}

/** Resolves when the last connection has ended. What an HTTP server does would close those that are idle now, at once. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    Server.prototype.close.call(server, () => resolve())
  })
}
