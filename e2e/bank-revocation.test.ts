import { accessTokenHash, decodeJwt } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openBankStage, type BankStage } from './testing/bank-stage.ts'
import { ask, type Answer } from './testing/https.ts'
import { Peer } from './testing/peer.ts'

/** What the bank promises, in milliseconds. */
const REVOKED_WITHIN = 5_000
/** For so long the authorization server may give out a list without looking at its store. */
const LOOKED_AT = 1_000

const unplaced = new Peer({ clientId: 'peer', scope: 'openid accounts offline_access' })

let bank: BankStage
let peer: Peer
before(async () => {
  bank = await openBankStage({
    authority: 'localhost',
    api: 'localhost',
    apps: [{ host: 'localhost', clientId: 'bank' }],
    accessToken: 300,
    recentLogin: 300,
    clients: [unplaced.metadata()],
  })
  peer = unplaced.at(bank.authority.origin)
})
after(() => bank.stop())

function call(accessToken: string): Promise<Answer> {
  const url = `${bank.api.origin}/accounts`
  const claims = { htm: 'GET', nonce: undefined, ath: accessTokenHash(accessToken) }
  return ask(url, {
    headers: { authorization: `DPoP ${accessToken}`, dpop: peer.proof(url, { claims }) },
  })
}

interface StatusList {
  readonly uri: string
  /** Seconds. */
  readonly ttl: number
}

async function listOf(accessToken: string): Promise<StatusList> {
  const { status } = decodeJwt(accessToken).claims
  const { uri } = Object(Object(status).status_list)
  const { ttl } = decodeJwt((await ask(String(uri))).body).claims
  return { uri: String(uri), ttl: Number(ttl) }
}

/** How long the bank went on taking a token, in milliseconds; undefined when this machine was too slow to find out. */
async function tookAtWorst(): Promise<number | undefined> {
  const { accessToken, refreshToken = '' } = await peer.logIn()
  assert.equal((await call(accessToken)).status, 200)
  const { uri, ttl } = await listOf(accessToken)
  await pause(ttl * 1_000 + LOOKED_AT)

  // The server looks at its store, then the grant is revoked, then the API fetches what the server saw before.
  await ask(uri)
  const looked = performance.now()
  assert.equal((await peer.revoke(refreshToken)).status, 200)
  const revoked = performance.now()
  await pause(looked + 0.7 * LOOKED_AT - revoked)
  let answer = await call(accessToken)
  const isWorst = answer.status === 200
  while (answer.status === 200 && performance.now() - revoked < 2 * REVOKED_WITHIN) {
    await pause(25)
    answer = await call(accessToken)
  }
  const took = performance.now() - revoked
  assert.equal(answer.status, 401)
  assert.match(answer.headers['www-authenticate'] ?? '', /error="invalid_token"/)
  return isWorst ? took : undefined
}

test('REV-03 SP-RS-03 the bank refuses a revoked grant within 5 s, at the worst moment', async () => {
  let took = await tookAtWorst()
  for (let tries = 1; took === undefined && tries < 4; tries += 1) took = await tookAtWorst()
  assert.ok(took !== undefined, 'the worst moment was missed')
  assert.ok(took < REVOKED_WITHIN, `${took} ms`)
})
