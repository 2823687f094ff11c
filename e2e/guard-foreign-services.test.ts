import { generateSigningKey } from '@signet/protocol'
import { openSqliteReplay } from '@signet/store/sqlite'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { AUTHORITY } from './testing/authority.ts'
import {
  JWT_RESOURCE,
  OPAQUE_RESOURCE,
  SUBJECT,
  type ForeignIssuer,
} from './testing/foreign-issuer.ts'
import { openGuardStage, sent, type GuardStage } from './testing/guard-stage.ts'
import { serveGuarded, type GuardedApi } from './testing/guarded-api.ts'
import { ask, json, type Answer } from './testing/https.ts'

/** An API whose tokens only their issuer can read. */
function asking({ apiKey }: ForeignIssuer, key = apiKey): object {
  return {
    audience: OPAQUE_RESOURCE,
    tokens: 'introspection',
    introspection: { clientId: 'api', key },
  }
}

function get(origin: string, token: string, dpop: string): Promise<Answer> {
  return ask(`${origin}/accounts`, sent(token, dpop))
}

describe('an API that asks oidc-provider about opaque tokens', () => {
  test('SP-RS-03 SP-RS-05 takes one with its key, and none that was revoked', async () => {
    await using stage = await openGuardStage('fastify', asking)
    const { app, api } = stage
    const { access_token: token } = await app.code(OPAQUE_RESOURCE, 'accounts')
    assert.ok(!token.includes('.'), 'an opaque token says nothing')
    const granted = await app.call(`${api.origin}/accounts`, token)
    assert.deepEqual(await granted.json(), { sub: SUBJECT, scopes: ['accounts'] })
    const thief = stage.app.proof(
      token,
      { htu: `${api.origin}/accounts`, nonce: stage.nonce },
      { key: generateSigningKey('ES256') },
    )
    assert.equal((await get(api.origin, token, thief)).status, 401)
    assert.equal(api.events.at(-1)?.reason, 'dpop_token_binding')
    await app.revoke(token)
    assert.equal((await get(api.origin, token, stage.proofFor(token))).status, 401)
    assert.equal(api.events.at(-1)?.reason, 'token_inactive')
  })

  test('RES-04 SP-RS-03 refuses tokens for another API, and what is none', async () => {
    const ours = 'https://other.example'
    await using stage = await openGuardStage('node', (foreign) => ({
      ...asking(foreign),
      audience: ours,
    }))
    const { access_token: theirs } = await stage.app.credentials(OPAQUE_RESOURCE, 'accounts')
    for (const [token, reason] of [
      [theirs, 'introspected_aud'],
      ['made-up', 'token_inactive'],
    ] as const) {
      const { status, headers } = await get(stage.api.origin, token, stage.proofFor(token))
      assert.equal(status, 401)
      assert.match(headers['www-authenticate'] ?? '', /^DPoP .*error="invalid_token"/)
      assert.equal(stage.api.events.at(-1)?.reason, reason)
    }
  })

  test('SP-RS-03 lets nobody through with a key the issuer does not know', async () => {
    const key = generateSigningKey('PS256')
    await using stage = await openGuardStage('node', (foreign) => asking(foreign, key))
    const { access_token: token } = await stage.app.credentials(OPAQUE_RESOURCE, 'accounts')
    const answer = await get(stage.api.origin, token, stage.proofFor(token))
    assert.equal(answer.status, 503)
    assert.equal(stage.api.events.at(-1)?.reason, 'introspection_refused')
  })
})

test('SP-NET-05 an issuer whose certificate nobody vouches for is not asked for keys', async () => {
  await using stage = await openGuardStage('fastify', { ca: AUTHORITY })
  const { status, headers } = await get(stage.api.origin, stage.token, stage.proof())
  assert.equal(status, 503)
  assert.equal(headers['retry-after'], '5')
  assert.equal(stage.api.events.at(-1)?.reason, 'issuer_keys_unavailable')
})

describe('several processes of one API, with one file of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** A second server under the public name of the first, with its own connection to the same file. */
  const twin = (
    { foreign, api }: GuardStage,
    replay: ReturnType<typeof openSqliteReplay>,
  ): Promise<GuardedApi> =>
    serveGuarded('node', {
      issuer: foreign.issuer,
      resource: JWT_RESOURCE,
      ca: foreign.authority,
      otherBaseUrls: [api.origin],
      replay,
    })

  test('DPOP-PRF-15 a proof that one has taken the other refuses, also after a restart', async () => {
    const file = join(folder, 'proofs.db')
    const open = (): ReturnType<typeof openSqliteReplay> =>
      openSqliteReplay(file, { resource: JWT_RESOURCE })
    const replay = open()
    await using stage = await openGuardStage('fastify', { replay, nonces: 'off' })
    const { api, token, proof } = stage
    const used = proof({ nonce: undefined })
    assert.equal((await get(api.origin, token, used)).status, 200)

    const otherReplay = open()
    const other = await twin(stage, otherReplay)
    assert.equal((await get(other.origin, token, used)).status, 401)
    assert.equal(other.events.at(-1)?.reason, 'dpop_proof_replayed')
    const fresh = proof({ nonce: undefined })
    assert.deepEqual(json(await get(other.origin, token, fresh)), {
      sub: 'app',
      scopes: ['accounts'],
    })
    assert.equal((await get(api.origin, token, fresh)).status, 401)
    await other.close()
    otherReplay.close()

    const restarted = open()
    const again = await twin(stage, restarted)
    assert.equal((await get(again.origin, token, used)).status, 401)
    assert.equal(again.events.at(-1)?.reason, 'dpop_proof_replayed')
    await again.close()
    restarted.close()

    replay.close()
    assert.equal((await get(api.origin, token, proof({ nonce: undefined }))).status, 503)
    assert.equal(api.events.at(-1)?.reason, 'replay_store_unavailable')
  })
})
