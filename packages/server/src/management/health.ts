import type { Registry } from '@prometheus-io/client'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { StepLog } from '../dev/step-log.ts'
import { pathOf } from '../http/request.ts'
import type { Check } from './check.ts'

/** What can be asked about something that serves. */
export interface Health {
  readonly registry: Pick<Registry, 'metrics' | 'contentType'>
  /** Asks everything that it cannot do without, and waits long for nothing. */
  readonly checks: () => Promise<readonly Check[]>
}

export interface HealthPorts extends Health {
  readonly draining: () => boolean
  /** In development: what `/dev/events` shows. */
  readonly steps?: StepLog
}

export interface Management {
  readonly url: string
  close(): Promise<void>
}

/**
 * The listener for whoever runs this process, never for its callers: `/livez` (the process answers), `/readyz` (it may be sent
 * requests), `/metrics` (Prometheus).
 */
export async function openManagement(
  { host, port }: { readonly host: string; readonly port: number },
  ports: HealthPorts,
): Promise<Management> {
  const server = createServer((request, response) => {
    void respond(request, response, ports).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  server.unref()
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The configuration of one of several processes: their primary answers for all of them. */
export function withoutManagement<Config extends { readonly management?: unknown }>({
  management: _,
  ...config
}: Config): Omit<Config, 'management'> {
  return config
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  ports: HealthPorts,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  switch (pathOf(request)) {
    case '/livez':
      return tell(response, 200, { status: 'ok' })
    case '/readyz': {
      const checks = await check(ports)
      const ready = checks.every(({ ok }) => ok)
      return tell(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks })
    }
    case '/metrics': {
      const metrics = await ports.registry.metrics()
      response.writeHead(200, { 'content-type': ports.registry.contentType }).end(metrics)
      return
    }
    case '/dev/events':
      if (ports.steps !== undefined) return tell(response, 200, stepsFor(request, ports.steps))
      return tell(response, 404, { paths: PATHS })
    default:
      return tell(response, 404, { paths: PATHS })
  }
}

const PATHS = ['/livez', '/readyz', '/metrics']

/** What was done for a client since a time, in milliseconds. */
function stepsFor({ url = '' }: IncomingMessage, steps: StepLog): object {
  const { searchParams } = new URL(url, 'http://localhost')
  const since = Number(searchParams.get('since') ?? 0)
  return { events: steps.since(since, searchParams.get('client_id') ?? '') }
}

async function check({ checks, draining }: HealthPorts): Promise<readonly Check[]> {
  return [{ name: 'accepting', ok: !draining() }, ...(await checks())]
}

function tell(response: ServerResponse, status: number, body: object): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(JSON.stringify(body))
}
