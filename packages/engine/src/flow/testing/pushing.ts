import { Refused, type ErrorCode } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { ASSERTION_TYPE } from '../../client-authentication.rules.ts'
import { digestOf } from '../../digest.ts'
import type { BackChannelRequest, Pushed } from '../../outcomes.ts'
import type { PushedRequest } from '../../store/ephemeral.ts'
import {
  ASKING,
  formRequest,
  ISSUER,
  REDIRECT_URI,
  RESOURCE,
  type Parameters,
  type Stage,
} from '../../testing/index.ts'
import type { introspect } from '../../tokens/introspect.ts'
import type { revoke } from '../../tokens/revoke.ts'
import { push } from '../push.ts'
import type { token } from '../token.ts'

export const PAR: string = `${ISSUER}/par`
export type Step = typeof push | typeof token | typeof introspect | typeof revoke

/** The refusal of a request; anything else, an exception above all, fails the test. */
export async function refusedBy(
  request: BackChannelRequest,
  stage: Stage,
  step: Step = push,
): Promise<Refused> {
  try {
    await step(request, stage.ports)
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the request was not refused' })
}

export async function refuses(
  request: BackChannelRequest,
  stage: Stage,
  [id, error]: readonly [id: string, error: ErrorCode],
): Promise<void> {
  const { evidence, refusal } = await refusedBy(request, stage)
  assert.deepEqual([evidence.id, refusal.error], [id, error], evidence.received)
}

export async function kept({ requestUri }: Pushed, { ports }: Stage): Promise<PushedRequest> {
  const row = await ports.store.pushedRequests.peek(digestOf(requestUri))
  assert.ok(row)
  return row
}

/** Claims of a good assertion of the app, some of them changed. */
export const claimsOf = ({ clock }: Stage, change: object = {}): object => ({
  iss: 'app',
  sub: 'app',
  aud: ISSUER,
  jti: 'a jti',
  iat: clock.now(),
  exp: clock.now() + 60,
  ...change,
})

export const HEADER: Readonly<Record<string, string>> = { alg: 'ES256', typ: 'JWT' }

/** A request with an assertion of one's own making. */
export const asserting = (client_assertion: string, more: Parameters = {}): BackChannelRequest =>
  formRequest({ client_assertion_type: ASSERTION_TYPE, client_assertion, ...ASKING, ...more })

export const saying = (stage: Stage, change: object, header: object = HEADER): BackChannelRequest =>
  asserting(forge(header, claimsOf(stage, change), stage.app.key))

/** A request of the app with its parameters in a signed request object, and others beside it. */
export const signed = (
  { app }: Stage,
  parameters: object,
  beside: Parameters = {},
): BackChannelRequest => app.request({ request: app.requestObject(parameters), ...beside })

/** What is kept of a request that is taken. */
export async function asked(
  request: BackChannelRequest,
  stage: Stage,
): Promise<PushedRequest['parameters']> {
  return (await kept(await push(request, stage.ports), stage)).parameters
}

/** A value for everything a request object can ask for. */
export const EVERYTHING: Readonly<Record<string, unknown>> = {
  ...ASKING,
  response_mode: 'jwt',
  scope: 'openid email',
  state: 'inside',
  nonce: 'n-inside',
  prompt: 'login',
  max_age: 3_600,
  acr_values: 'urn:a urn:b',
  claims: { userinfo: { email: { essential: true } }, id_token: { acr: null } },
  login_hint: 'alice',
  ui_locales: 'de',
  resource: [RESOURCE],
}

/** Another value, as a form has it. */
export const OTHERWISE: Parameters = {
  redirect_uri: `${REDIRECT_URI}?tenant=1`,
  response_mode: 'form_post',
  scope: 'openid payments',
  state: 'outside',
  nonce: 'n-outside',
  code_challenge: 'X'.repeat(43),
  dpop_jkt: 'X'.repeat(43),
  prompt: 'consent',
  max_age: '1',
  acr_values: 'urn:c',
  claims: '{"userinfo":{"name":null}}',
  login_hint: 'mallory',
  ui_locales: 'en',
  resource: 'https://other.example/api',
}
