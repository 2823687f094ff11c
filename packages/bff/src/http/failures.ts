import type { Core } from '../core.ts'
import { AuthorityFailure } from '../oauth/failure.ts'
import { SessionsUnavailable } from '../sessions/port.ts'
import { SessionDead } from '../sessions/refresh.ts'
import { sendLoginRequired, sendPage, sendProblem, type Problem } from './answers.ts'
import type { Call } from './call.ts'

/**
 * Tells what went wrong: as a page where somebody looks at one, as a problem document to scripts. Nothing that fails here
 * ends a session but the word of the authorization server.
 */
export function sendFailure(call: Call, error: unknown): void {
  if (error instanceof SessionDead) return sendLoginRequired(call)
  const problem = problemOf(call.core, error)
  if (problem.status === 503) call.reply.header('retry-after', '5')
  if (call.request.headers['sec-fetch-mode'] !== 'navigate') return sendProblem(call, problem)
  sendPage(call, problem.status, {
    title: 'That did not work',
    message: problem.title,
    link: { href: call.frontend.folder, text: 'Back to the app' },
  })
}

/** What a failure is to those outside. Operators are told here, once. */
export function problemOf(core: Core, error: unknown): Problem {
  if (error instanceof AuthorityFailure) {
    core.onEvent({ type: 'authority_unavailable', detail: error.message })
    return error.kind === 'refused'
      ? {
          status: 502,
          code: 'refused_by_authorization_server',
          title: 'The login server refused what this app asked for.',
        }
      : {
          status: 503,
          code: 'authorization_server_unavailable',
          title: 'The login server cannot be reached. Please try again.',
        }
  }
  const eventId = core.random(12).toString('base64url')
  const more = { event_id: eventId }
  if (error instanceof SessionsUnavailable) {
    core.onEvent({ type: 'store_unavailable', eventId })
    return {
      status: 503,
      code: 'session_store_unavailable',
      title: 'Sessions cannot be read at the moment. Please try again.',
      more,
    }
  }
  core.onEvent({ type: 'fault', eventId, error })
  return { status: 500, code: 'server_error', title: 'Something broke here.', more }
}
