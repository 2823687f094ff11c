import type { CertificateFiles } from './certificate.ts'
import { freePort, startRedis, type RedisServer, type RedisSettings } from './server.ts'
import { until } from './until.ts'

const NODES = 3
const SLOTS = 16_384

/** A cluster of a test, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  /** That of its first node; over TLS if it has a certificate. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts three servers and has each of them own a third of the slots. With a certificate, they speak TLS with each other too. */
export async function startCluster(certificate?: CertificateFiles): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode(certificate)))
  for (const [index, { server }] of nodes.entries()) {
    const first = Math.floor((index * SLOTS) / NODES)
    const last = Math.floor(((index + 1) * SLOTS) / NODES) - 1
    await server.command('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`)
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
  }
  const [first, ...others] = nodes.map(({ server }) => server)
  if (first === undefined) throw new Error('no node')
  for (const { port, busPort } of nodes.slice(1)) {
    await first.command('CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${busPort}`)
  }
  for (const node of [first, ...others]) await until(() => assertComplete(node))
  return {
    nodes: [first, ...others],
    url: certificate ? `rediss://127.0.0.1:${nodes[0]?.port}` : first.url,
    stop: async () => {
      await Promise.all([first, ...others].map((node) => node.stop()))
    },
  }
}

interface ClusterNode {
  readonly server: RedisServer
  readonly port: number
  readonly busPort: number
}

async function startNode(certificate?: CertificateFiles): Promise<ClusterNode> {
  const [busPort, tlsPort] = [await freePort(), await freePort()]
  const server = await startRedis({
    'cluster-enabled': 'yes',
    'cluster-port': `${busPort}`,
    'cluster-node-timeout': '1000',
    ...(certificate && settingsOf(certificate, tlsPort)),
  })
  return { server, port: certificate ? tlsPort : server.port, busPort }
}

function settingsOf({ certificateFile, keyFile }: CertificateFiles, port: number): RedisSettings {
  return {
    'tls-port': `${port}`,
    'tls-cluster': 'yes',
    'tls-cert-file': certificateFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': certificateFile,
    'tls-auth-clients': 'optional',
  }
}

async function assertComplete(node: RedisServer): Promise<void> {
  const info = String(await node.command('CLUSTER', 'INFO'))
  if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${NODES}`)) {
    throw new Error(`the cluster does not come together:\n${info}`)
  }
}
