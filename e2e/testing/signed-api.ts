import { createGuard, type RefusalEvent } from '@signet/guard'
import { guard as nodeGuard } from '@signet/guard/node'
import type { PublishedJwk, SigningKey } from '@signet/protocol'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { AUTHORITY, CREDENTIAL } from './authority.ts'
import { freePorts } from './free-ports.ts'

/** An API that takes and gives signed messages only, and publishes its key at `/jwks`. */
export interface SignedApi {
  readonly origin: string
  /** What was refused, in order. */
  readonly refusals: readonly RefusalEvent[]
  /** The bodies that came through. */
  readonly bodies: readonly string[]
  /** What becomes of the bodies of answers on their way. */
  between: (body: Buffer) => Buffer
  close(): Promise<void>
}

export interface SignedApiOptions {
  readonly issuer: string
  readonly resource: string
  readonly responseKey: SigningKey
  /** By client. */
  readonly clientKeys: Readonly<Record<string, PublishedJwk>>
}

export async function serveSignedApi(options: SignedApiOptions): Promise<SignedApi> {
  const { issuer, resource, responseKey, clientKeys } = options
  const [port = 0] = await freePorts(1)
  const origin = `https://localhost:${port}`
  const refusals: RefusalEvent[] = []
  const bodies: string[] = []
  const guarded = nodeGuard(
    createGuard({
      issuer,
      resource,
      baseUrl: origin,
      ca: AUTHORITY,
      nonces: { key: Buffer.alloc(32, 1) },
      clientKeys: Object.fromEntries(
        Object.entries(clientKeys).map(([id, key]) => [id, { jwks: { keys: [key] } }]),
      ),
      responseKey,
      onRefusal: (event) => void refusals.push(event),
    }),
  )
  const server = createServer(
    { cert: CREDENTIAL.certificate, key: CREDENTIAL.key },
    (request, response) => {
      if (request.url === '/jwks') {
        return void response.end(JSON.stringify({ keys: [responseKey.publicJwk] }))
      }
      changeBody(response, (body) => api.between(body))
      void guarded
        .check(request, response, { signedRequest: true, signedResponse: true })
        .then((granted) => {
          if (granted === undefined) return
          bodies.push(Buffer.from(granted.body ?? []).toString())
          response.writeHead(201, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ done: bodies.length }))
        })
    },
  )
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const api: SignedApi = {
    origin,
    refusals,
    bodies,
    between: (body) => body,
    close: async () => {
      const gone = once(server, 'close')
      guarded.guard.close()
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
  return api
}

/** Sits between the guard, which signs an answer as a whole, and the wire. */
function changeBody(response: ServerResponse, change: (body: Buffer) => Buffer): void {
  // oxlint-disable-next-line typescript/unbound-method -- called on what it was taken from
  const { end } = response
  const changed = (body: unknown): unknown =>
    body instanceof Uint8Array ? change(Buffer.from(body)) : body
  Object.assign(response, { end: (body: unknown) => Reflect.apply(end, response, [changed(body)]) })
}
