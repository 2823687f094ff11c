import { freePort, startRedis, type RedisServer } from './server.ts'
import { until } from './until.ts'

const NODES = 3
const SLOTS = 16_384

/** A cluster of a test, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  /** That of its first node. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts three servers and has each of them own a third of the slots. */
export async function startCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: NODES }, startNode))
  for (const [index, { server }] of nodes.entries()) {
    const first = Math.floor((index * SLOTS) / NODES)
    const last = Math.floor(((index + 1) * SLOTS) / NODES) - 1
    await server.command('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`)
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
  }
  const [first, ...others] = nodes.map(({ server }) => server)
  if (first === undefined) throw new Error('no node')
  for (const { server, busPort } of nodes.slice(1)) {
    await first.command('CLUSTER', 'MEET', '127.0.0.1', `${server.port}`, `${busPort}`)
  }
  for (const node of [first, ...others]) await until(() => assertComplete(node))
  return {
    nodes: [first, ...others],
    url: first.url,
    stop: async () => {
      await Promise.all([first, ...others].map((node) => node.stop()))
    },
  }
}

async function startNode(): Promise<{ readonly server: RedisServer; readonly busPort: number }> {
  const busPort = await freePort()
  const server = await startRedis({
    'cluster-enabled': 'yes',
    'cluster-port': `${busPort}`,
    'cluster-node-timeout': '1000',
  })
  return { server, busPort }
}

async function assertComplete(node: RedisServer): Promise<void> {
  const info = String(await node.command('CLUSTER', 'INFO'))
  if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${NODES}`)) {
    throw new Error(`the cluster does not come together:\n${info}`)
  }
}
