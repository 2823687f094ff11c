import assert from 'node:assert/strict'
import { decodeJwt, Refused, type ErrorCode, type JsonObject } from '@signet/protocol'
import { digestOf } from '../../digest.ts'
import { token } from '../../flow/token.ts'
import type { BackChannelRequest, ResourceRequest, TokenResponse } from '../../outcomes.ts'
import type { Authorization } from '../../store/durable.ts'
import type { AuthorizationCode } from '../../store/ephemeral.ts'
import {
  CHALLENGE,
  REDIRECT_URI,
  VERIFIER,
  type Actor,
  type Parameters,
  type Stage,
} from '../../testing/index.ts'

export const ALICE = 'sub-of-alice'

/** What alice is known by. */
export const KNOWN: Readonly<Record<string, unknown>> = {
  name: 'Alice Example',
  given_name: 'Alice',
  email: 'alice@example.com',
  email_verified: true,
  address: { country: 'DE' },
  phone_number: '+49 30 1234567',
  iban: 'DE02120300000000202051',
  sub: 'somebody else',
  nonce: 'made up',
}

/** Lets alice have allowed the app what is given, and keeps the code that says so. */
export async function putCode(
  stage: Stage,
  authorization: Partial<Authorization> = {},
  code: Partial<AuthorizationCode> = {},
): Promise<string> {
  const { store, random, clock, service } = stage.ports
  stage.addUser(ALICE, KNOWN)
  const secret = random.token(256)
  await store.codes.put({
    digest: digestOf(secret),
    grantId: random.token(128),
    authorization: {
      clientId: stage.app.client.id,
      subject: ALICE,
      scopes: ['openid', 'accounts', 'offline_access'],
      resources: [],
      authTime: clock.now() - 30,
      acr: 'urn:signet:acr:password',
      amr: ['pwd'],
      sid: 'the session',
      ...authorization,
    },
    redirectUri: REDIRECT_URI,
    codeChallenge: CHALLENGE,
    expiresAt: clock.now() + service.lifetimes.code,
    keptUntil: clock.now() + 86_400,
    ...code,
  })
  return secret
}

/** The request with which a client redeems a code; a change replaces or adds parameters. */
export function redemption(
  { ports }: Stage,
  actor: Actor,
  parameters: Parameters,
): BackChannelRequest {
  const form = {
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    ...parameters,
  }
  return actor.request(form, { url: ports.service.endpoints.token })
}

/** Any other request for a token, with everything it needs. */
export function tokenRequest(
  { ports }: Stage,
  actor: Actor,
  parameters: Parameters,
): BackChannelRequest {
  return actor.request(parameters, { url: ports.service.endpoints.token })
}

/** What the app gets for a code of alice. */
export async function granted(
  stage: Stage,
  authorization: Partial<Authorization> = {},
  code: Partial<AuthorizationCode> = {},
): Promise<TokenResponse> {
  const secret = await putCode(stage, authorization, code)
  const { response } = await token(redemption(stage, stage.app, { code: secret }), stage.ports)
  return response
}

/** A request of the app for userinfo, with a proof for it. */
export function asking(
  { ports, app }: Stage,
  accessToken: string,
  change: Partial<ResourceRequest> = {},
): ResourceRequest {
  const url = ports.service.endpoints.userinfo
  const method = change.method ?? 'GET'
  return {
    method,
    authorization: [`DPoP ${accessToken}`],
    dpop: [app.proof({ url, method, accessToken })],
    parameterNames: [],
    ...change,
  }
}

/** Asserts that a step refuses, with which error and by which requirement. */
export async function refuses(
  step: Promise<unknown>,
  error: ErrorCode,
  id?: string,
): Promise<Refused> {
  const outcome: unknown = await step.then(
    (success) => ({ success }),
    (reason: unknown) => reason,
  )
  assert.ok(outcome instanceof Refused, `not refused: ${JSON.stringify(outcome)}`)
  const found = { error: outcome.refusal.error, id: outcome.evidence.id }
  assert.deepEqual(found, { error, id: id ?? outcome.evidence.id }, outcome.message)
  return outcome
}

export function claimsOf(jwt: string | undefined): JsonObject {
  return decodeJwt(jwt ?? '').claims
}
