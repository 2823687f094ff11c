import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { after } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import * as expressAdapter from '../adapters/express.ts'
import * as fastifyAdapter from '../adapters/fastify.ts'
import * as honoAdapter from '../adapters/hono.ts'
import * as nodeAdapter from '../adapters/node.ts'
import type { Guard } from '../guard.ts'
import { serve } from './https-server.ts'

/**
 * Serves an API with `GET /accounts` behind a guard, and tells its origin. Without TLS it is one behind a proxy, on a port
 * of the origin.
 */
export type GuardedApi = (guard: Guard, tls?: ServerOptions) => Promise<string>

/** The same API with each adapter. */
export const guardedApis: Readonly<Record<string, GuardedApi>> = {
  node: (guard, tls) => {
    const api = nodeAdapter.guard(guard)
    return listening(tls, (request, response) => {
      void api.check(request, response).then((granted) => granted && response.end('granted'))
    })
  },
  express: (guard, tls) => {
    const app = express()
    const api = expressAdapter.guard(guard)
    app.get('/accounts', api(), (_request, response) => void response.send('granted'))
    return listening(tls, app)
  },
  fastify: async (guard, tls) => {
    const app = fastify({ https: tls ?? null })
    app.get('/accounts', fastifyAdapter.guard(guard)(), () => 'granted')
    after(() => app.close())
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
  hono: (guard, tls) => {
    const app = new Hono()
    app.get('/accounts', honoAdapter.guard(guard)(), (context) => context.text('granted'))
    const listener = getRequestListener(app.fetch)
    return listening(tls, (request, response) => void listener(request, response))
  },
}

function listening(tls: ServerOptions | undefined, listener: RequestListener): Promise<string> {
  return serve(tls === undefined ? createHttpServer(listener) : createServer(tls, listener))
}
