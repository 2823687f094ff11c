import { Refused, type ErrorCode } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { ASSERTION_TYPE } from '../../client-authentication.rules.ts'
import { digestOf } from '../../digest.ts'
import type { BackChannelRequest, Pushed } from '../../outcomes.ts'
import type { PushedRequest } from '../../store.ts'
import { ASKING, formRequest, ISSUER, type Parameters, type Stage } from '../../testing/index.ts'
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
