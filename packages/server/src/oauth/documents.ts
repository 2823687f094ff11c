import type { AuditEvent, Engine, Service } from '@signet/engine'
import type { FastifyRequest } from 'fastify'
import { page, published, type Answer } from '../http/answer.ts'
import { notFound } from '../http/refusals.ts'
import { pathOf } from '../http/request.ts'
import { pathParameter, type Route } from '../http/route.ts'
import { basePath, type Served } from '../http/served.ts'
import { RefusedByTransport } from '../http/surface.ts'
import { languageOf, siteOf } from '../login/visitor.ts'
import { assets, type Asset } from '../pages/assets.ts'
import { errorPage } from '../pages/error.ts'
import { homePage } from '../pages/home.ts'
import { refusalPage } from '../pages/refusal.ts'
import { obligation } from './obligations.ts'

/** How long others may keep the metadata, seconds. */
const METADATA_MAX_AGE = 300

/** What anybody may read: who this service is, its keys, why something was refused, and what its pages are made of. */
export function documentRoutes(served: Served): readonly Route[] {
  const { engine, service } = served
  return [
    ...wellKnown(engine, service),
    { on: 'GET /jwks', step: 'jwks', audience: 'anybody', handle: keys(served) },
    {
      on: 'GET /status-lists/:list',
      step: 'status-list',
      audience: 'anybody',
      handle: statusList(engine),
    },
    { on: 'GET /errors/:id', step: 'explain', audience: 'browser', handle: explain(served) },
    { on: 'GET /assets/:name', step: 'asset', audience: 'anybody', handle: asset },
    { on: 'GET /', step: 'home', audience: 'browser', handle: home(service) },
  ]
}

/**
 * The metadata at every address it is looked for: OpenID Connect Discovery appends the well-known part to the issuer, RFC 8414
 * inserts it between host and path.
 *
 * @see RFC 8414 §3.1, OpenID Connect Discovery §4.1
 */
function wellKnown(engine: Engine, service: Service): readonly Route[] {
  const handle = memoised(
    (body) => published('application/json', body, METADATA_MAX_AGE),
    () => engine.metadata(),
  )
  const base = basePath(service)
  return ['openid-configuration', 'oauth-authorization-server'].flatMap((name) => {
    const appended: Route['on'] = `GET /.well-known/${name}`
    const inserted: Route['on'] = `GET //.well-known/${name}${base}`
    return (base === '' ? [appended] : [appended, inserted]).map((on): Route => {
      return { on, step: 'metadata', audience: 'anybody', handle }
    })
  })
}

function keys({ keys: ring, jwksMaxAge }: Served): Route['handle'] {
  return memoised(
    (body) => published('application/jwk-set+json', body, jwksMaxAge),
    () => ring.jwks,
  )
}

/** A list as others may keep it is in the list itself; a cache between must not make it older. */
function statusList(engine: Engine): Route['handle'] {
  return async (request) => {
    const number = pathParameter(request, 'list')
    const list = /^(?:0|[1-9]\d{0,9})$/.test(number)
      ? await engine.statusList(Number(number))
      : undefined
    if (list === undefined) throw nothingAt(request)
    return published('application/statuslist+jwt', list, 0)
  }
}

/** Makes the answer again only when the text is another one. */
function memoised(make: (body: string) => Answer, read: () => string): () => Answer {
  let last: Answer | undefined
  return () => {
    const body = read()
    if (last?.body !== body) last = make(body)
    return last
  }
}

/** The page behind `error_uri`: what the caller was told, for whoever has its id. The evidence stays with the operator. */
function explain({ store, service }: Served): Route['handle'] {
  return async (request) => {
    const event = await store.audit.find(pathParameter(request, 'id'))
    const language = languageOf({ acceptLanguage: request.headers['accept-language'] })
    if (event?.kind === 'refused' && event.refusal !== undefined) {
      const model = { ...siteOf(service), ...toldOf(event) }
      return page(refusalPage({ ...model, description: event.refusal.description }, language))
    }
    if (event?.kind === 'failed') {
      return page(errorPage({ ...siteOf(service), kind: 'server', eventId: event.id }, language))
    }
    throw nothingAt(request)
  }
}

function toldOf({ id, at, refusal, evidence }: AuditEvent): {
  readonly eventId: string
  readonly error: string
  readonly requirementId: string
  readonly says: string
  readonly at: string
} {
  return {
    eventId: id,
    error: refusal?.error ?? '',
    requirementId: evidence?.id ?? '',
    says: evidence === undefined ? '' : obligation(evidence),
    at: new Date(at).toISOString(),
  }
}

function asset(request: FastifyRequest): Answer {
  const found: Asset | undefined = assets.get(pathParameter(request, 'name'))
  if (found === undefined) throw nothingAt(request)
  // The name changes with the content.
  const headers = {
    'content-type': found.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
  }
  return { status: 200, headers, body: found.body }
}

function nothingAt({ raw }: FastifyRequest): RefusedByTransport {
  return new RefusedByTransport(notFound(pathOf(raw)))
}

function home(service: Service): Route['handle'] {
  const { issuer, endpoints } = service
  const metadataUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const model = { ...siteOf(service), issuer, metadataUrl, jwksUrl: endpoints.jwks }
  return ({ headers }) => {
    return page(homePage(model, languageOf({ acceptLanguage: headers['accept-language'] })))
  }
}
