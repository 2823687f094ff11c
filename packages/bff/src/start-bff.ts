import { fastify, type FastifyInstance } from 'fastify'
import type { Seconds } from '@signet/protocol'
import type { BffOptions } from './config/options.ts'
import { createBff } from './plugin.ts'

export interface Listen {
  readonly host: string
  readonly port: number
}

/** A BFF as a process of its own. */
export interface StartOptions {
  readonly bff: BffOptions
  readonly listen: Listen
  /** PEM. Without it, a proxy on this machine must speak TLS with the browsers. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Where `/livez` and `/readyz` are, apart from what browsers see. */
  readonly management?: Listen
  /** How often what has ended is forgotten. */
  readonly sweepEvery?: Seconds
  /** How many rows of each kind at a time. */
  readonly sweepBudget?: number
}

export interface StartedBff {
  /** Ends what is under way, then lets go of the ports. */
  close(): Promise<void>
}

const SWEEP_EVERY: Seconds = 60
const SWEEP_BUDGET = 1_000
const HEADER_BYTES = 32_768

/**
 * Serves a BFF.
 *
 * @throws Misconfigured, or what kept it from listening
 */
export async function startBff(options: StartOptions): Promise<StartedBff> {
  const bff = createBff(options.bff)
  const { sweepEvery = SWEEP_EVERY, sweepBudget = SWEEP_BUDGET } = options
  const common = { forceCloseConnections: 'idle', return503OnClosing: true } as const
  const app: FastifyInstance =
    options.tls === undefined
      ? fastify({ ...common, http: { maxHeaderSize: HEADER_BYTES } })
      : fastify({
          ...common,
          https: { ...options.tls, minVersion: 'TLSv1.2', maxHeaderSize: HEADER_BYTES },
        })
  const management = fastify({ ...common, http: {} })
  management.get('/livez', async () => ({ live: true }))
  for (const path of ['/readyz', '/healthz']) {
    management.get(path, async (_request, reply) => {
      const readiness = await bff.readiness()
      return reply.code(readiness.ready ? 200 : 503).send(readiness)
    })
  }
  const timer = setInterval(() => {
    // What cannot be swept now can be swept later.
    bff.sweep(sweepBudget).catch(() => undefined)
  }, sweepEvery * 1_000)
  const close = async (): Promise<void> => {
    clearInterval(timer)
    await Promise.all([app.close(), management.close()])
  }
  try {
    await app.register(bff.plugin)
    await app.listen(options.listen)
    if (options.management !== undefined) await management.listen(options.management)
    return { close }
  } catch (error) {
    await close()
    throw error
  }
}
