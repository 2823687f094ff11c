import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { dirname, join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { AuthorizationResponseError } from 'openid-client'
import {
  createOAuthClient,
  type Demo,
  type Login,
  type OAuthClient,
  type PendingLogin,
} from './oauth-client.ts'
import { homePage, problemPage, resultPage, STYLE } from './pages.ts'

/**
 * The example app of `npm start`: a person logs in at the server and sees what came of it. Its state is in memory: it is
 * there to try the server, and tokens never leave it.
 */
const file = process.argv[2] ?? '.signet/dev/demo.json'
const demo: Demo = JSON.parse(readFileSync(file, 'utf8'))
setDefaultCACertificates([...getCACertificates('default'), readFileSync(demo.ca, 'utf8')])

const pending = new Map<string, PendingLogin>()
const logins = new Map<string, Login>()
/** The oldest are forgotten. */
const MOST = 1_000
const COOKIE = '__Host-demo'

const { origin, port, hostname } = new URL(demo.redirect_uri)
const folder = dirname(demo.ca)
const oauth = await createOAuthClient(demo)
const server = createServer(
  {
    cert: readFileSync(join(folder, 'server.pem')),
    key: readFileSync(join(folder, 'server-key.pem')),
  },
  (request, response) => {
    answer(request, response, oauth).catch((error: unknown) => showProblem(response, error))
  },
)
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`\n  Open ${origin} in a browser to log in (${hostname} only).\n`)
})

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  client: OAuthClient,
): Promise<void> {
  const url = new URL(request.url ?? '/', origin)
  const id = cookieOf(request)
  if (url.pathname === '/') return html(response, homePage(demo.user, demo.password))
  if (url.pathname === '/style.css')
    return void response.setHeader('content-type', 'text/css').end(STYLE)
  if (url.pathname === '/login') return begin(response, client)
  if (url.pathname === new URL(demo.redirect_uri).pathname)
    return finish({ response, client, url, id })
  if (url.pathname === '/welcome') return welcome(response, id)
  if (url.pathname === '/logout')
    return redirect(response, client.logoutUrl(logins.get(id)?.idToken).href)
  response.statusCode = 404
  html(response, problemPage('There is no such page.', undefined))
}

async function begin(response: ServerResponse, client: OAuthClient): Promise<void> {
  const { pending: login, url } = await client.begin()
  remember(pending, login.id, login)
  // Lax: the browser comes back from another site, by a navigation.
  response.setHeader('set-cookie', `${COOKIE}=${login.id}; Path=/; Secure; HttpOnly; SameSite=Lax`)
  redirect(response, url.href)
}

async function finish(back: {
  readonly response: ServerResponse
  readonly client: OAuthClient
  readonly url: URL
  readonly id: string
}): Promise<void> {
  const login = pending.get(back.id)
  if (login === undefined)
    return html(
      back.response,
      problemPage('This login did not begin in this browser, or has ended.', undefined),
    )
  pending.delete(back.id)
  remember(logins, back.id, await back.client.finish(login, back.url))
  redirect(back.response, '/welcome')
}

function welcome(response: ServerResponse, id: string): void {
  const login = logins.get(id)
  if (login === undefined) redirect(response, '/')
  else html(response, resultPage(login))
}

function showProblem(response: ServerResponse, error: unknown): void {
  response.statusCode = 502
  if (!(error instanceof AuthorizationResponseError)) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return html(
      response,
      problemPage('The server could not be asked; the terminal says why.', undefined),
    )
  }
  const cancelled = error.error === 'access_denied'
  const explanation = error.cause.get('error_uri') ?? undefined
  html(
    response,
    problemPage(
      cancelled ? 'You cancelled.' : (error.error_description ?? error.error),
      explanation,
    ),
  )
}

function remember<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.set(id, value)
  const [oldest] = map.keys()
  if (map.size > MOST && oldest !== undefined) map.delete(oldest)
}

function cookieOf({ headers: { cookie = '' } }: IncomingMessage): string {
  const pair = cookie.split('; ').find((each) => each.startsWith(`${COOKIE}=`))
  return pair?.slice(COOKIE.length + 1) ?? ''
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end()
}

function html(response: ServerResponse, body: string): void {
  response
    .setHeader('content-type', 'text/html; charset=utf-8')
    .setHeader(
      'content-security-policy',
      "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    .setHeader('referrer-policy', 'no-referrer')
    .setHeader('cache-control', 'no-store')
    .end(body)
}
