import { decodeJwt, enforce, Refused, type JsonObject } from '@signet/protocol'
import * as client from 'openid-client'
import type { Frontend } from '../config/settings.ts'
import type { Core } from '../core.ts'
import type { LoginFailure } from '../events.ts'
import { loginUrl, sendPage } from '../http/answers.ts'
import { addCookie, single, type Call } from '../http/call.ts'
import { endedCookie, sessionCookie } from '../http/cookies.ts'
import type { Asking } from '../oauth/constraint.ts'
import { AuthorityFailure, failureOf } from '../oauth/failure.ts'
import { loginTokenRules } from '../oauth/login-token.rules.ts'
import { boundToken } from '../oauth/token-response.ts'
import { LOGIN_TOKEN, type Secrets } from '../sessions/secrets.ts'
import { LoginFailed } from './login-failed.ts'
import { readResponse } from './response.ts'
import { takeTransaction, transactionOf, type Transaction } from './transaction.ts'

interface LoggedIn {
  readonly secrets: Secrets
  readonly subject: string
  readonly sid: string | undefined
}

/**
 * Ends a login: the browser comes back from the authorization server. The transaction is used up before the code is, and the
 * code is sent once. Then the browser gets a session under a new id, by way of a page of ours: a cookie that is `Strict` is
 * not sent with a navigation that began at another site.
 */
export async function callback(call: Call): Promise<void> {
  const { core, frontend } = call
  try {
    const response = await readResponse(call)
    const transaction = await takeOwnTransaction(call, response)
    const value = await openSession(call, transaction, await redeem(call, transaction, response))
    addCookie(call.reply, sessionCookie(frontend.cookie, value))
    core.onEvent({ type: 'login_succeeded', frontend: frontend.name })
    sendPage(call, 200, {
      title: 'Logged in',
      message: 'You are being taken back to the app.',
      goTo: transaction.returnUrl,
    })
  } catch (error) {
    fail(call, asLoginFailure(error))
  }
}

async function takeOwnTransaction(call: Call, response: URLSearchParams): Promise<Transaction> {
  const { core, frontend, cookies, reply } = call
  const state = single(response, 'state') ?? ''
  const name = transactionOf(state)
  const cookie = `${frontend.loginCookie}${name ?? ''}`
  const secret = cookies.get(cookie)
  if (name === undefined || secret === undefined) {
    throw new LoginFailed('login_expired', 'no login of this state began in this browser')
  }
  addCookie(reply, endedCookie(cookie))
  const transaction = await takeTransaction(core, secret, state)
  if (transaction?.frontend !== frontend.name) {
    throw new LoginFailed('login_expired', 'the login has ended, or was finished before')
  }
  return transaction
}

async function redeem(
  { core, frontend }: Call,
  transaction: Transaction,
  response: URLSearchParams,
): Promise<LoggedIn> {
  const { configuration } = await core.authority.known()
  const { state, nonce, verifier, maxAge, proofKey: key } = transaction
  const now = core.clock.now()
  const asking = core.constraint.asking(configuration, key)
  const answer = await client.authorizationCodeGrant(
    configuration,
    new URL(`${frontend.redirectUri}?${response.toString()}`),
    {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
      ...(maxAge !== undefined && { maxAge }),
    },
    undefined,
    asking,
  )
  const idToken = answer.id_token
  const claims = answer.claims()
  if (idToken === undefined || claims === undefined) {
    throw new AuthorityFailure('invalid', 'there is no ID token')
  }
  const token = boundToken(answer, { constraint: core.constraint, key, now })
  enforce(loginTokenRules, {
    header: decodeJwt(idToken).header,
    claims,
    clientId: core.clientId,
    accessToken: answer.access_token,
    acrValues: transaction.acrValues,
    now,
  })
  const secrets: Secrets = {
    proofKey: key,
    idToken,
    claims: {
      ...shownClaims(claims),
      ...(await userinfo(core, configuration, { answer, asking })),
    },
    scope: answer.scope ?? frontend.scopes.join(' '),
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
    tokens: { [LOGIN_TOKEN]: token },
  }
  const sid = claims['sid']
  return { secrets, subject: claims.sub, sid: typeof sid === 'string' ? sid : undefined }
}

/** @see OpenID Connect Core 1.0 §5.3.4, where the subjects are compared */
async function userinfo(
  { options }: Core,
  configuration: client.Configuration,
  {
    answer,
    asking,
  }: {
    readonly answer: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers
    readonly asking: Asking
  },
): Promise<JsonObject> {
  if (options.userinfo !== true) return {}
  const subject = answer.claims()?.sub ?? ''
  return client.fetchUserInfo(configuration, answer.access_token, subject, asking)
}

/** What says something about the person; the rest is between the server and us. */
function shownClaims(claims: JsonObject): JsonObject {
  const {
    iss: _iss,
    aud: _aud,
    azp: _azp,
    exp: _exp,
    iat: _iat,
    nbf: _nbf,
    jti: _jti,
    nonce: _nonce,
    at_hash: _atHash,
    c_hash: _cHash,
    s_hash: _sHash,
    sid: _sid,
    ...person
  } = claims
  return person
}

/** @returns what the cookie holds */
async function openSession(
  { core, frontend, request }: Call,
  { previous }: Transaction,
  { secrets, subject, sid }: LoggedIn,
): Promise<string> {
  const value = await core.sessions.open({
    frontend: frontend.name,
    issuer: core.authority.issuer,
    subject,
    sid,
    userAgent: request.headers['user-agent'],
    secrets,
  })
  // Its tokens are left to expire: some servers would take them back together with the new ones.
  if (previous !== undefined) await core.store.delete(previous)
  return value
}

function asLoginFailure(error: unknown): LoginFailed {
  if (error instanceof LoginFailed) return error
  if (error instanceof Refused) {
    const { reason, received } = error.evidence
    return new LoginFailed('invalid_response', `${reason}: ${received}`, error)
  }
  if (error instanceof client.AuthorizationResponseError && error.error === 'access_denied') {
    return new LoginFailed('access_denied', 'the person or the server said no', error)
  }
  // Faults of ours and of the store are not failures of a login.
  if (!(error instanceof AuthorityFailure) && !isOfClient(error)) throw error
  const { kind, message } = failureOf(error, 'login')
  const reasons = {
    invalid: 'invalid_response',
    refused: 'authorization_refused',
    unavailable: 'authorization_server_unavailable',
  } as const
  return new LoginFailed(reasons[kind], message, error)
}

function isOfClient(error: unknown): boolean {
  return (
    error instanceof client.ClientError ||
    error instanceof client.ResponseBodyError ||
    error instanceof client.AuthorizationResponseError ||
    error instanceof client.WWWAuthenticateChallengeError
  )
}

const MESSAGES: Readonly<Record<LoginFailure, string>> = {
  access_denied: 'You did not allow the login, or it was refused.',
  authorization_refused: 'The login server refused the login.',
  authorization_server_unavailable: 'The login server cannot be reached. Please try again later.',
  cross_site_start: 'Another site began this login.',
  invalid_response: 'The answer of the login server could not be accepted.',
  invalid_return_url: 'This login leads to no place in the app.',
  login_expired: 'This login has ended, or began in another browser.',
  wrong_issuer: 'The answer did not come from the login server of this app.',
}

function fail(call: Call, { reason, message: detail }: LoginFailed): void {
  const { core, frontend } = call
  core.onEvent({ type: 'login_failed', frontend: frontend.name, reason, detail })
  if (reason === 'invalid_response') {
    core.onEvent({ type: 'validation_failed', where: 'login', reason, detail })
  }
  sendPage(call, reason === 'authorization_server_unavailable' ? 503 : 400, {
    title: 'You are not logged in',
    message: MESSAGES[reason],
    ...next(frontend, reason),
  })
}

function next(
  frontend: Frontend,
  reason: LoginFailure,
): { readonly goTo: string } | { readonly link: { readonly href: string; readonly text: string } } {
  return frontend.errorPath === undefined
    ? { link: { href: loginUrl(frontend), text: 'Log in again' } }
    : { goTo: `${frontend.errorPath}?error=${reason}` }
}
