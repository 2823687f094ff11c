import { Refused } from '@signet/protocol'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Route } from '../config/settings.ts'
import { loginUrl, sendLoginRequired, sendProblem } from '../http/answers.ts'
import { sessionOf, type Call } from '../http/call.ts'
import { csrfRejection, isOwnEventSource } from '../http/csrf.ts'
import { DATA_HEADERS } from '../http/security-headers.ts'
import { SessionDead } from '../sessions/refresh.ts'
import type { Session } from '../sessions/sessions.ts'
import { readBody, type Body } from './body.ts'
import { challengeError, parseChallenges, stepUpOf, type StepUp } from './challenge.ts'
import { credentialSource } from './credential.ts'
import { UpstreamFailed, type Answer } from './exchange.ts'
import { forward } from './forward.ts'
import { requestHeaders, responseHeaders } from './headers.ts'
import { frontendPath, targetUrl } from './target-url.ts'
import { watchSession } from './watch.ts'

/** Brings a call of the app to an API, with the token the route is due, and the answer back. */
export async function proxy(call: Call, route: Route): Promise<void> {
  const { core, frontend, reply } = call
  const started = performance.now()
  reply.raw.once('close', () => {
    core.onEvent({
      type: 'proxied',
      frontend: frontend.name,
      route: route.match,
      status: reply.raw.statusCode,
      milliseconds: performance.now() - started,
    })
  })
  if (!isPermitted(call, route)) return
  const session = route.token.startsWith('user') ? await sessionOf(call) : undefined
  try {
    if (session !== undefined) await core.sessions.use(session)
    await pass(call, route, session)
  } catch (error) {
    if (error instanceof SessionDead) return sendLoginRequired(call)
    if (error instanceof Refused) return sendUnproved(call, error)
    if (!(error instanceof UpstreamFailed)) throw error
    sendProblem(call, {
      status: error.kind === 'timeout' ? 504 : 502,
      code: error.kind === 'timeout' ? 'upstream_timeout' : 'upstream_unavailable',
      title: 'The API does not answer.',
    })
  }
}

function isPermitted(call: Call, route: Route): boolean {
  const { core, frontend, request, reply } = call
  if (!route.methods.has(request.method)) {
    reply.header('allow', [...route.methods].join(', '))
    sendProblem(call, {
      status: 405,
      code: 'method_not_allowed',
      title: 'The route does not take this method.',
    })
    return false
  }
  const { method, headers } = request
  if (!route.csrf || (route.eventStream && isOwnEventSource(method, headers))) return true
  const reason = csrfRejection(headers, frontend)
  if (reason === undefined) return true
  core.onEvent({ type: 'csrf_rejected', frontend: frontend.name, reason })
  sendProblem(call, {
    status: 403,
    code: 'csrf_rejected',
    title: 'Send X-CSRF: 1, from a page of this app.',
    more: { reason },
  })
  return false
}

async function pass(call: Call, route: Route, session: Session | undefined): Promise<void> {
  const { core, request, reply, target } = call
  const url = targetUrl(route, target)
  if (url === undefined) {
    return sendProblem(call, { status: 400, code: 'invalid_request', title: 'The path is odd.' })
  }
  const source = credentialSource(core, route, session)
  const body = await readBody(request.raw)
  if (body.kind === 'stream' && route.signedRequest) return sendTooLong(call, body)
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const answer = await forward(
    {
      core,
      route,
      url,
      method: request.method,
      headers: requestHeaders(request.headers, route),
      body,
      signal: gone.signal,
    },
    source,
  )
  if (answer.statusCode === 401 && route.token !== 'none' && afterRefusal(call, answer)) return
  const forget = watchSession(core, session, () => answer.body.destroy())
  answer.body.once('close', forget)
  sendBack(call, route, { answer, url })
}

/** Only what is there as a whole can be signed. */
function sendTooLong(call: Call, { chunks }: Extract<Body, { kind: 'stream' }>): void {
  sendProblem(call, {
    status: 413,
    code: 'body_too_long',
    title: 'Calls of this route are signed, and this one is too long for that.',
  })
  // The rest is read so that the answer is.
  Readable.from(chunks)
    .on('error', () => undefined)
    .resume()
}

/** The answer of the API is discarded: nobody can tell whose it is. @see FAPI 2.0 HTTP Signatures §5.3.2.2-5 */
function sendUnproved(call: Call, { evidence: { reason, received } }: Refused): void {
  call.core.onEvent({ type: 'validation_failed', where: 'response', reason, detail: received })
  sendProblem(call, {
    status: 502,
    code: 'response_signature_invalid',
    title: 'The answer of the API is not signed as it should be. What was asked may be done.',
  })
}

/** @returns whether the answer was ours to give */
function afterRefusal(call: Call, { headers, body }: Answer): boolean {
  const challenges = parseChallenges(headers['www-authenticate'])
  const stepUp = stepUpOf(challenges)
  const error = challengeError(challenges)
  if (stepUp !== undefined) sendStepUp(call, stepUp)
  else if (error === 'use_dpop_nonce') {
    call.reply.header('retry-after', '0')
    sendProblem(call, {
      status: 503,
      code: 'try_again',
      title: 'The API asked for a new nonce; the call was too long to be sent twice.',
    })
  } else if (error === 'invalid_token') {
    sendProblem(call, {
      status: 401,
      code: 'token_refused',
      title: 'The API refuses a token that the authorization server has just given.',
      more: { login_url: loginUrl(call.frontend) },
    })
  } else return false
  body.resume()
  return true
}

/** The API wants to be surer, or to know it from later on. @see RFC 9470 §4 */
function sendStepUp(call: Call, { acrValues, maxAge }: StepUp): void {
  const { frontend } = call
  const offered = acrValues.filter((value) => frontend.acrValues.includes(value))
  sendProblem(call, {
    status: 401,
    code: 'step_up_required',
    title: 'The API asks for a stronger or more recent login.',
    more: {
      login_url: loginUrl(frontend, {
        ...(offered.length > 0 && { acr_values: offered.join(' ') }),
        ...(maxAge !== undefined && { max_age: maxAge }),
      }),
    },
  })
}

interface Answered {
  readonly answer: Answer
  readonly url: URL
}

/** The head goes at once and the rest as it comes: an event stream may be silent for long, and is open all the same. */
function sendBack({ request, reply }: Call, route: Route, { answer, url }: Answered): void {
  const { statusCode, body } = answer
  const headers = responseHeaders(answer.headers, route, (location) =>
    frontendPath(route, location, url),
  )
  reply.hijack()
  const { raw } = reply
  // What hooks of the server around us have set.
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  raw.writeHead(statusCode, { ...headers, ...DATA_HEADERS })
  if (request.method === 'HEAD') {
    body.resume()
    return void raw.end()
  }
  raw.flushHeaders()
  // Whoever of the two goes first, the other hears of it.
  pipeline(body, raw).catch(() => undefined)
}
