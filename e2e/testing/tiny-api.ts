import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer, type Server } from 'node:https'
import { CREDENTIAL } from './authority.ts'
import { portOf } from './free-ports.ts'

/** A call that reached the API. */
export interface Reached {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** The smallest API over TLS: it says what it was asked, and remembers with what. */
export class TinyApi {
  readonly reached: Reached[] = []
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve()
  readonly #server: Server

  constructor() {
    const { certificate: cert, key } = CREDENTIAL
    this.#server = createServer({ cert, key }, (request, response) => {
      const { method = '', url: path = '', headers } = request
      this.reached.push({ method, path, headers })
      this.#server.emit('reached')
      void this.gate.then(() => {
        response.writeHead(path.endsWith('/missing') ? 404 : 200, {
          'content-type': 'application/json',
          'set-cookie': 'of=the-api',
        })
        response.end(JSON.stringify({ path }))
      })
    })
  }

  get origin(): string {
    return `https://localhost:${portOf(this.#server)}`
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  /** The next call. */
  async next(): Promise<void> {
    await once(this.#server, 'reached')
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
