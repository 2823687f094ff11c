import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { codeOf, granted, type Peer } from '../testing/peer.ts'
import { chanceOf } from './chance.ts'
import { crash } from './crash.ts'
import { deploy, STORES, type Deployment } from './deployment.ts'
import { Ledger } from './ledger.ts'
import { race } from './race.ts'

/** What `crash` finds when nothing is wrong with the servers, but with what it believes. */
async function lie(ledger: Ledger, peer: Peer): Promise<void> {
  const expires = Infinity
  const alive = granted(await peer.credentials()).accessToken
  const over = granted(await peer.credentials()).accessToken
  await peer.revoke(over)
  ledger.issued.push({ peer, token: alive, expires, grant: { fate: 'over' } })
  ledger.issued.push({ peer, token: over, expires, grant: { fate: 'alive' } })
  const [assertion, proof] = [peer.assertion(), peer.proof(peer.endpoint('par'))]
  ledger.used.push({ send: (how) => peer.push(how), assertion, proof, at: Date.now() })
  const code = codeOf(await peer.authorize())
  const grant = { fate: 'alive' } as const
  ledger.codes.push({ peer, code, issued: Date.now(), successes: 1, grant })
}

test('a campaign finds what is not as it was acknowledged', async () => {
  const deployment = await deploy('sqlite', 1)
  const { client, site } = deployment
  const ledger = new Ledger()
  await lie(ledger, client.at(site.origin))
  await ledger.check(() => ({}), chanceOf(1))
  await deployment.stop()
  const found = new Set(ledger.violations.map((violation) => violation.replace(/ \d{3} .*/, '')))
  assert.deepEqual(
    found,
    new Set([
      'a token that is over is active',
      'a token that is alive is not active',
      'a code was redeemed twice with success',
      'a used assertion is answered with',
      'a used proof is answered with',
    ]),
  )
})

const KILLS = 3
const ROUNDS = 2
const PROCESSES = 2

for (const store of STORES) {
  describe(`servers on ${store}`, () => {
    let deployment: Deployment
    before(async () => {
      deployment = await deploy(store, PROCESSES)
    })
    after(() => deployment.stop())

    test('SP-AZ-09 PAR-10 PKJ-06 DPOP-PRF-15 of fifty attempts at once, one wins', async (t) => {
      for (const won of await race(deployment, ROUNDS)) t.diagnostic(won)
    })

    test('SP-AZ-09 PKJ-06 DPOP-PRF-15 what was acknowledged survives kill -9 under load', async (t) => {
      const seed = randomInt(2 ** 31)
      t.diagnostic(`seed ${seed}`)
      const report = await crash(deployment, { kills: KILLS, seed })
      t.diagnostic(JSON.stringify(report))
      assert.deepEqual(report.violations, [])
    })
  })
}
