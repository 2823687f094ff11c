import assert from 'node:assert/strict'
import { PASSWORD_ACR } from '../../authentication-context.ts'
import { digestOf } from '../../digest.ts'
import type { Actor, Stage } from '../../testing/index.ts'
import { ALICE, KNOWN } from '../../tokens/testing/granted.ts'
import { begin } from '../begin.ts'

/** Brings alice, who is logged in and has allowed everything before, to the authorization endpoint. */
export async function arrive(
  stage: Stage,
  { client }: Actor,
  requestUri: string,
): ReturnType<typeof begin> {
  const { ports, clock } = stage
  const { store, service } = ports
  stage.addUser(ALICE, KNOWN)
  const session = ports.random.token(256)
  await store.sessions.put({
    digest: digestOf(session),
    sid: ports.random.token(128),
    subject: ALICE,
    authTime: clock.now() - 30,
    acr: PASSWORD_ACR,
    amr: ['pwd'],
    expiresAt: clock.now() + service.lifetimes.session,
  })
  await store.consents.put({
    subject: ALICE,
    clientId: client.id,
    scopes: [...client.scopes],
    resources: [service.defaultResource],
    updatedAt: clock.now(),
  })
  const query = String(new URLSearchParams({ client_id: client.id, request_uri: requestUri }))
  return begin({ query, cookies: { browser: undefined, session } }, ports)
}

/** The code with which alice comes back to the client. */
export async function codeFrom(stage: Stage, actor: Actor, requestUri: string): Promise<string> {
  const outcome = await arrive(stage, actor, requestUri)
  assert.ok(outcome.action === 'redirect', JSON.stringify(outcome))
  const code = new URL(outcome.location).searchParams.get('code')
  assert.ok(code !== null, outcome.location)
  return code
}
