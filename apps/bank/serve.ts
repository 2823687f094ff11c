import type { FastifyInstance } from 'fastify'

/** Listens on the port of a public origin, on this machine only, and ends when it is told to. */
export async function serve(app: FastifyInstance, origin: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      app.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
  }
  try {
    await app.listen({ host: '127.0.0.1', port: Number(new URL(origin).port) })
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!taken) throw error
    process.stderr.write(`${origin}: the port is taken by another program\n`)
    process.exit(2)
  }
}
