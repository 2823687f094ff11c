import type { Engine } from '@signet/engine'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StepLog } from './step-log.ts'

/** The one step a test calls; everything else must not be touched. */
function engineThat(step: Partial<Engine>): Engine {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is called
  return step as Engine
}

const BACK_CHANNEL = {
  contentType: 'application/x-www-form-urlencoded',
  authorization: [],
  dpop: ['a secret proof'],
}

test('remembers what was done for a client, and for browsers, and nothing of what was sent', async () => {
  let now = 1_000
  const log = new StepLog(() => now)
  const engine = log.watch(
    engineThat({
      push: async () => ({ action: 'created', requestUri: 'urn:secret', expiresIn: 90 }),
      begin: async () => ({ action: 'interact', interactionId: 'secret', browser: 'secret' }),
      token: async () => ({
        action: 'refused',
        refusal: { error: 'invalid_grant', description: 'no such code' },
        eventId: 'event',
      }),
    }),
  )
  await engine.push({ ...BACK_CHANNEL, body: 'client_id=app&code_challenge=secret' })
  now = 2_000
  await engine.begin({ query: 'request_uri=secret', cookies: { browser: 'b', session: 's' } })
  now = 3_000
  await engine.token({ ...BACK_CHANNEL, body: 'client_id=app&code=secret' })
  await engine.token({ ...BACK_CHANNEL, body: 'client_id=other&code=secret' })
  assert.deepEqual(log.since(2_000, 'app'), [
    { at: 2_000, step: 'begin', outcome: 'interact' },
    {
      at: 3_000,
      step: 'token',
      outcome: 'refused',
      clientId: 'app',
      refused: { reason: 'invalid_grant' },
    },
  ])
  assert.doesNotMatch(JSON.stringify(log.since(0, 'app')), /secret/)
})

test('forgets the oldest steps', async () => {
  const log = new StepLog(() => 1)
  const engine = log.watch(engineThat({ revoke: async () => ({ action: 'revoked' }) }))
  for (let count = 0; count < 1_100; count += 1) {
    await engine.revoke({ ...BACK_CHANNEL, body: 'client_id=app' })
  }
  assert.equal(log.since(0, 'app').length, 1_000)
})
