import { randomBytes } from 'node:crypto'
import { Agent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { TEST_CA } from './certificates.ts'
import type { Stage } from './stage.ts'
import type { TestBrowser } from './test-browser.ts'

const agent = new Agent({ ca: TEST_CA })

/** Asks the BFF for a WebSocket, as a page of the app does. */
export async function openSocket(
  stage: Stage,
  browser: TestBrowser,
  { path = '/api/socket', ...headers }: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly status: number; readonly socket?: Duplex }> {
  const sent = Object.entries({
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-version': '13',
    origin: stage.origin,
    cookie: browser.header(stage.origin, true),
    ...headers,
  }).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const request = httpsRequest(stage.origin + path, { agent, headers: Object.fromEntries(sent) })
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; socket?: Duplex }>()
  request.on('upgrade', (_answer, socket: Duplex) => resolve({ status: 101, socket }))
  request.on('response', (answer) => {
    answer.resume()
    resolve({ status: answer.statusCode ?? 0 })
  })
  request.on('error', reject).end()
  return promise
}
