import { challengeOf, generateSigningKey, type Seconds } from '@signet/protocol'
import * as client from 'openid-client'
import type { Frontend } from '../config/settings.ts'
import type { Core } from '../core.ts'
import { addCookie, single, type Call } from '../http/call.ts'
import { loginUrl, sendPage, sendRedirect } from '../http/answers.ts'
import { endedCookie, loginCookie } from '../http/cookies.ts'
import { isOwnNavigation } from '../http/csrf.ts'
import { safeReturnUrl } from '../http/return-url.ts'
import type { KnownAuthority } from '../oauth/authority.ts'
import { failureOf } from '../oauth/failure.ts'
import { idOf } from '../sessions/sessions.ts'
import { keepTransaction, LOGIN_LIFE, type Transaction } from './transaction.ts'

/** Each login under way has a cookie; older ones make room, or the header would grow without end. */
const MOST_LOGINS = 5
const SECRET_BYTES = 32
const NAME_BYTES = 16

/** What a link to the login may ask for. */
interface Wish {
  readonly returnUrl: string
  readonly acrValues: readonly string[]
  readonly maxAge: Seconds | undefined
}

/**
 * Begins a login: pushes the request and sends the browser to the authorization server.
 * Next: `callback.ts`.
 */
export async function login(call: Call): Promise<void> {
  const { core, frontend, request } = call
  const wish = readWish(call.query, frontend)
  if (wish === undefined) {
    core.onEvent({ type: 'login_failed', frontend: frontend.name, reason: 'invalid_return_url' })
    return sendPage(call, 400, {
      title: 'This link does not work',
      message: 'It asks to log in for a place that is not part of this app.',
      link: { href: frontend.folder, text: 'Go to the app' },
    })
  }
  if (!isOwnNavigation(request.headers)) {
    core.onEvent({ type: 'login_failed', frontend: frontend.name, reason: 'cross_site_start' })
    return sendPage(call, 403, {
      title: 'Log in?',
      message: 'Another site sent you here to log in. Go on only if that is what you want.',
      link: { href: linkFor(frontend, wish), text: 'Log in' },
    })
  }
  const { location, cookie } = await begin(call, wish)
  dropOldLogins(call)
  addCookie(call.reply, cookie)
  core.onEvent({ type: 'login_started', frontend: frontend.name })
  sendRedirect(call, location)
}

function readWish(query: URLSearchParams, frontend: Frontend): Wish | undefined {
  const returnUrl = query.has('returnUrl')
    ? safeReturnUrl(single(query, 'returnUrl') ?? '', frontend)
    : frontend.folder
  const acrValues = (single(query, 'acr_values') ?? '').split(' ').filter(Boolean)
  const known = acrValues.every((value) => frontend.acrValues.includes(value))
  const maxAge = readMaxAge(query)
  if (returnUrl === undefined || !known || Number.isNaN(maxAge)) return undefined
  return { returnUrl, acrValues, maxAge }
}

/** @returns NaN if it is none */
function readMaxAge(query: URLSearchParams): Seconds | undefined {
  if (!query.has('max_age')) return undefined
  const value = single(query, 'max_age') ?? ''
  return /^\d{1,8}$/.test(value) ? Number(value) : Number.NaN
}

function linkFor(frontend: Frontend, { returnUrl, acrValues, maxAge }: Wish): string {
  return loginUrl(frontend, {
    returnUrl,
    ...(acrValues.length > 0 && { acr_values: acrValues.join(' ') }),
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
  })
}

async function begin(
  { core, frontend, cookies }: Call,
  wish: Wish,
): Promise<{ readonly location: string; readonly cookie: string }> {
  const known = await core.authority.known()
  const name = core.random(NAME_BYTES).toString('base64url')
  const secret = core.random(SECRET_BYTES).toString('base64url')
  const before = cookies.get(frontend.cookie)
  const transaction: Transaction = {
    ...wish,
    frontend: frontend.name,
    state: `${name}.${core.random(SECRET_BYTES).toString('base64url')}`,
    nonce: core.random(SECRET_BYTES).toString('base64url'),
    verifier: core.random(SECRET_BYTES).toString('base64url'),
    proofKey: generateSigningKey('ES256'),
    previous: before === undefined ? undefined : idOf(before),
  }
  const location = await push(core, known, { transaction, frontend })
  await keepTransaction(core, secret, transaction)
  return { location, cookie: loginCookie(frontend.loginCookie + name, secret, LOGIN_LIFE) }
}

/** Nothing goes through the browser but a reference. @see FAPI 2.0 Security Profile §5.3.3.2 */
async function push(
  core: Core,
  { configuration }: KnownAuthority,
  { transaction, frontend }: { readonly transaction: Transaction; readonly frontend: Frontend },
): Promise<string> {
  const parameters = requestParameters(core, transaction, frontend)
  try {
    const packed = await core.pack(configuration, parameters)
    const asking = core.constraint.asking(configuration, transaction.proofKey)
    return (await client.buildAuthorizationUrlWithPAR(configuration, packed, asking)).href
  } catch (error) {
    throw failureOf(error, 'pushed authorization request')
  }
}

function requestParameters(
  { options: { requestedClaims }, settings: { signedResponse } }: Core,
  { state, nonce, verifier, acrValues, maxAge }: Transaction,
  { redirectUri, scopes, prompt }: Frontend,
): Readonly<Record<string, string>> {
  return {
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    // What JARM calls it; `query.jwt` would be the same here, but is not what the profile says.
    ...(signedResponse && { response_mode: 'jwt' }),
    ...(acrValues.length > 0 && { acr_values: acrValues.join(' ') }),
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
    ...(requestedClaims !== undefined && { claims: JSON.stringify(requestedClaims) }),
    ...(prompt !== undefined && { prompt }),
  }
}

function dropOldLogins({ reply, frontend, cookies }: Call): void {
  const logins = [...cookies.keys()].filter((name) => name.startsWith(frontend.loginCookie))
  for (const name of logins.slice(0, Math.max(0, logins.length - MOST_LOGINS + 1))) {
    addCookie(reply, endedCookie(name))
  }
}
