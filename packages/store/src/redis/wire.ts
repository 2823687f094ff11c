import { createClient, createCluster } from 'redis'
import type { Target } from './address.ts'

export type Command = readonly string[]

/** A connection to one server. A new epoch is a new socket, maybe to another server. */
export interface Node {
  readonly isReady: boolean
  readonly socketEpoch: number
  sendCommand(command: Command): Promise<unknown>
  connect(): Promise<unknown>
  destroy(): void
}

/** The way to one server or to those of a cluster. */
export interface Wire {
  /** The connection to the server that has this key, which may be broken just now. */
  nodeOf(key: string): Promise<Node>
  /** Sends a command about this key, once: never again without being asked. */
  send(key: string, command: Command): Promise<unknown>
  /** Says whenever a connection was made. */
  onReady(listener: () => void): void
  /** Why the last connection failed. */
  readonly trouble: unknown
  close(): void
}

/** A second attempt follows at once, later ones not all at the same moment. */
function pause(retries: number): number {
  return Math.min(25 * 2 ** retries, 500) * (0.75 + Math.random() / 2)
}

/** How many times as long as an answer may take nothing at all is heard of a peer before it counts as gone. */
const SILENCE = 4

const LONGEST_QUEUE = 20_000

/** That of the client counts only until a command is sent. Ours counts until it is answered. */
const commandOptions = { timeout: 0 }

/** What to connect to, and how many milliseconds an answer may take. */
export interface WireOptions {
  readonly target: Target
  readonly timeout: number
}

/**
 * What every connection is made with. What cannot be sent now is refused, not kept for later. A connection is given up
 * when nothing was heard for a while: a peer that vanished says nothing.
 */
function settingsOf({ target, timeout }: WireOptions, isOpen: () => boolean) {
  const { socket, ...credentials } = target
  return {
    ...credentials,
    socket: {
      ...socket,
      connectTimeout: timeout * SILENCE,
      socketTimeout: timeout * SILENCE,
      reconnectStrategy: (retries: number) => isOpen() && pause(retries),
    },
    name: 'signet',
    pingInterval: timeout,
    disableOfflineQueue: true,
    commandsQueueMaxLength: LONGEST_QUEUE,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions,
  } as const
}

/** Connects to one server, and again whenever that breaks. Rejects when the first attempt fails. */
export async function connectServer(options: WireOptions): Promise<Wire> {
  let isOpen = false
  let trouble: unknown
  const client = createClient(settingsOf(options, () => isOpen))
  client.on('error', (error: unknown) => {
    trouble = error
  })
  await client.connect()
  isOpen = true
  return {
    nodeOf: async () => client,
    send: (_, command) => client.sendCommand(command),
    onReady: (listener) => void client.on('ready', listener),
    get trouble() {
      return trouble
    },
    close: () => {
      isOpen = false
      client.destroy()
    },
  }
}

/** Connects to a cluster that this server belongs to; to its nodes only when there is something to ask them. */
export async function connectCluster(options: WireOptions): Promise<Wire> {
  let isOpen = false
  let trouble: unknown
  const { socket, ...defaults } = settingsOf(options, () => isOpen)
  const { host, port, ...shared } = socket
  const cluster = createCluster({
    rootNodes: [{ socket: { host, port } }],
    defaults: { ...defaults, socket: shared },
    commandOptions,
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: 500,
  })
  for (const event of ['error', 'node-error'])
    cluster.on(event, (error: unknown) => {
      trouble = error
    })
  await cluster.connect()
  isOpen = true
  return {
    nodeOf: (key) => cluster.getNodeClientForKey(key),
    send: (key, command) => cluster.sendCommand(key, false, [...command]),
    onReady: (listener) => void cluster.on('node-ready', listener),
    get trouble() {
      return trouble
    },
    close: () => {
      isOpen = false
      cluster.destroy()
    },
  }
}
