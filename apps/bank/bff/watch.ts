import type { BffEvent, OnEvent } from '@signet/bff'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes, randomUUID } from 'node:crypto'
import { tellingOf, type Trails, type VisitKind } from './trail.ts'

/** A request under way. */
interface Visiting {
  readonly browser: string
  readonly kind: VisitKind
  readonly at: number
  readonly events: BffEvent[]
  readonly interactionId: string | undefined
}

/** Says which browser this is, and nothing else. Lax: the browser also comes back from another site. */
const COOKIE = '__Host-bank-trail'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax'

export interface Watch {
  /** To be given to the BFF: its events are told to the request they belong to. */
  readonly onEvent: OnEvent
  /** Sees all requests of a server, and writes the trails. */
  readonly attach: (app: FastifyInstance) => void
}

export function createWatch(trails: Trails): Watch {
  const current = new AsyncLocalStorage<Visiting>()
  const underWay = new WeakMap<FastifyRequest, Visiting>()
  return {
    onEvent: (event) => void current.getStore()?.events.push(event),
    attach: (app) => {
      app.addHook('onRequest', (request, reply, done) => {
        const known = browserOf(request)
        const browser = known ?? randomBytes(16).toString('base64url')
        if (known === undefined && request.headers['sec-fetch-mode'] === 'navigate') {
          reply.header('set-cookie', `${COOKIE}=${browser}; ${ATTRIBUTES}`)
        }
        const kind = kindOf(request)
        if (kind === undefined) return done()
        // The API learns it too, so that both know what the other means.
        const interactionId = kind === 'api' ? randomUUID() : undefined
        if (interactionId !== undefined) request.headers['x-fapi-interaction-id'] = interactionId
        const visiting = { browser, kind, at: Date.now(), events: [], interactionId }
        underWay.set(request, visiting)
        current.run(visiting, done)
      })
      app.addHook('onResponse', async (request, reply) => {
        const visiting = underWay.get(request)
        if (visiting === undefined) return
        const { browser, events, interactionId, ...visit } = visiting
        trails.add(browser, {
          ...visit,
          ...tellingOf(events),
          until: Date.now(),
          status: reply.statusCode,
          stepUp: visit.kind === 'login' && request.url.includes('max_age='),
          ...(interactionId !== undefined && { interactionId }),
        })
      })
    },
  }
}

/** The trail a request belongs to. */
export function browserOf({ headers }: FastifyRequest): string | undefined {
  return new RegExp(`(?:^|; ?)${COOKIE}=([\\w-]{22})(?:;|$)`).exec(headers.cookie ?? '')?.[1]
}

function kindOf({ method, url }: FastifyRequest): VisitKind | undefined {
  const path = url.split('?', 1)[0] ?? ''
  if (path.startsWith('/api/')) return 'api'
  if (path === '/bff/login') return 'login'
  if (path === '/bff/callback') return 'callback'
  // The second half of a logout only leads on.
  if (path === '/bff/logout' && !url.includes('continue=')) return 'logout'
  if (method === 'DELETE' && path.startsWith('/bff/sessions')) return 'session_end'
  return undefined
}
