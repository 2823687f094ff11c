import type { Frontend } from '../config/settings.ts'
import { forgetSession, type Call } from './call.ts'
import { page, type Page } from './pages.ts'
import { DATA_HEADERS, PAGE_HEADERS } from './security-headers.ts'

/** What went wrong, in words for the developer of the app. The codes are stable. */
export interface Problem {
  readonly status: number
  readonly code:
    | 'authorization_server_unavailable'
    | 'body_too_long'
    | 'csrf_rejected'
    | 'invalid_request'
    | 'login_required'
    | 'method_not_allowed'
    | 'not_found'
    | 'refused_by_authorization_server'
    | 'response_signature_invalid'
    | 'server_error'
    | 'session_store_unavailable'
    | 'step_up_required'
    | 'token_refused'
    | 'try_again'
    | 'upstream_unavailable'
    | 'upstream_timeout'
  readonly title: string
  readonly more?: Readonly<Record<string, unknown>>
}

/** Answers with a problem document. @see RFC 9457 */
export function sendProblem({ reply }: Pick<Call, 'reply'>, problem: Problem): void {
  const { status, code, title, more } = problem
  reply
    .code(status)
    .headers({ ...DATA_HEADERS, 'cache-control': 'no-store' })
    .type('application/problem+json')
    .send(JSON.stringify({ type: `urn:signet:bff:${code}`, title, status, code, ...more }))
}

/** Nobody is logged in, or not any more: the app decides when to send the browser to `login_url`. */
export function sendLoginRequired(call: Call): void {
  forgetSession(call)
  sendProblem(call, {
    status: 401,
    code: 'login_required',
    title: 'Nobody is logged in, or the session has ended.',
    more: { login_url: loginUrl(call.frontend) },
  })
}

export function loginUrl(
  { base }: Frontend,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(parameters).toString()
  return `${base}/login${query === '' ? '' : `?${query}`}`
}

export function sendJson({ reply }: Pick<Call, 'reply'>, value: unknown): void {
  reply
    .headers({ ...DATA_HEADERS, 'cache-control': 'no-store' })
    .type('application/json')
    .send(JSON.stringify(value))
}

export function sendPage({ reply }: Pick<Call, 'reply'>, status: number, content: Page): void {
  reply.code(status).headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(page(content))
}

export function sendRedirect({ reply }: Pick<Call, 'reply'>, location: string): void {
  reply
    .code(303)
    .headers({ ...PAGE_HEADERS, location })
    .send('')
}
