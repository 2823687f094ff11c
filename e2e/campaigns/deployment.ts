import { startTestServer } from '@signet/store/postgres-testing'
import { startRedis } from '@signet/store/redis-testing'
import assert from 'node:assert/strict'
import { freePorts } from '../testing/free-ports.ts'
import { Peer } from '../testing/peer.ts'
import { serveOn, type ServerProcess } from '../testing/server-process.ts'
import { createSite, serviceFor, type Site } from '../testing/site.ts'

export const STORES = ['sqlite', 'postgres', 'redis'] as const

/** Where the state is: a file, PostgreSQL, or PostgreSQL with Redis for what is of a moment. */
export type StoreName = (typeof STORES)[number]

/** What can be killed, and started again on what it had written. */
export interface Victim {
  readonly name: string
  kill(): Promise<void>
  start(): Promise<void>
}

/** Several server processes on one store. */
export interface Deployment {
  readonly site: Site
  /** Every process is reached at its own port, as the same issuer. */
  readonly ports: readonly number[]
  readonly servers: readonly ServerProcess[]
  readonly victims: readonly Victim[]
  /** As it is registered; `at(site.origin)` makes one that has a proof key of its own. */
  readonly client: Peer
  stop(): Promise<void>
}

/** A store of its own, which waits for the disk before it answers: PostgreSQL with `fsync`, Redis with `appendfsync always`. */
export interface OpenedStore {
  readonly settings: object | undefined
  readonly victims: readonly Victim[]
  stop(): Promise<void>
}

const SCOPE = 'openid accounts offline_access'

export async function deploy(name: StoreName, count: number): Promise<Deployment> {
  const opened = await openStore(name)
  const client = new Peer({ clientId: 'app', scope: SCOPE })
  const { settings } = opened
  const site = await createSite(
    serviceFor([client.metadata()], {
      log: { level: 'warn' },
      ...(settings && { store: settings }),
    }),
  )
  const processes = await start(site, count)
  return {
    site,
    client,
    ports: processes.map(({ port }) => port),
    servers: processes.map(({ server }) => server),
    victims: [...processes.map(({ victim }) => victim), ...opened.victims],
    stop: async () => {
      await Promise.all(processes.map(({ server }) => server.kill()))
      await opened.stop()
      site.remove()
    },
  }
}

interface Serving {
  readonly port: number
  readonly server: ServerProcess
  readonly victim: Victim
}

async function start(site: Site, count: number): Promise<readonly Serving[]> {
  const others = await freePorts(2 * (count - 1))
  const first = { port: site.port, managementPort: site.managementPort }
  const places = Array.from({ length: count - 1 }, (_, index) => ({
    port: others[2 * index] ?? 0,
    managementPort: others[2 * index + 1] ?? 0,
  }))
  const files = [site.configFile, ...places.map((ports) => site.alsoAt(ports))]
  const servers = await Promise.all(files.map((file) => serveOn(site, file, ['--migrate'])))
  return [first, ...places].map(({ port }, index) => {
    const server = servers[index]
    assert.ok(server)
    const name = `server ${index + 1}`
    const victim = { name, kill: () => server.kill(), start: () => server.start() }
    return { port, server, victim }
  })
}

export async function openStore(name: StoreName): Promise<OpenedStore> {
  if (name === 'sqlite') {
    return { settings: undefined, victims: [], stop: () => Promise.resolve() }
  }
  const postgres = await startTestServer({ fsync: true })
  const url = await postgres.createDatabase()
  const database = {
    name: 'PostgreSQL',
    kill: () => postgres.kill(),
    start: () => postgres.start(),
  }
  if (name === 'postgres') {
    return { settings: { postgres: url }, victims: [database], stop: () => postgres.dispose() }
  }
  const redis = await startRedis({ appendfsync: 'always' })
  const memory = { name: 'Redis', kill: () => redis.kill(), start: () => redis.start() }
  return {
    settings: { postgres: url, redis: redis.url },
    victims: [database, memory],
    stop: async () => {
      await redis.stop()
      await postgres.dispose()
    },
  }
}
