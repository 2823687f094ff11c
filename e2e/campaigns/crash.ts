import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../testing/workers.ts'
import { AuditTrail } from './audit-trail.ts'
import { chanceOf } from './chance.ts'
import type { Deployment, Victim } from './deployment.ts'
import { Ledger, untilDecided, type Checks, type Violation } from './ledger.ts'
import { LoadClient, type Heard, type Load } from './load.ts'

export interface Campaign {
  readonly kills: number
  readonly seed: number
  /** Told after every kill. */
  readonly tell?: (line: string) => void
}

/** What a campaign has found. */
export interface Report {
  readonly kills: Readonly<Record<string, number>>
  readonly heard: Heard
  readonly checks: Checks
  /** In milliseconds, from when a victim runs again to the first request that is decided. */
  readonly recoveries: readonly number[]
  readonly violations: readonly Violation[]
}

const CLIENTS = 3
const LEAST_ANSWERS = 30
const MORE_ANSWERS = 120
const MOMENTS_MILLISECONDS = 50
const AWAY_MILLISECONDS = 300

/**
 * Puts servers under load and kills one process after the other with `kill -9`, of Signet or of its store, at moments that
 * nobody chose. After each, everything that was acknowledged has to be as it was acknowledged.
 */
export async function crash(deployment: Deployment, campaign: Campaign): Promise<Report> {
  const { victims, ports, site, client } = deployment
  const chance = chanceOf(campaign.seed)
  const ledger = new Ledger()
  const heard: Heard = { acknowledged: 0, unknown: 0 }
  const audit = new AuditTrail(site, ledger)
  const sending = (): { port: number } => ({ port: ports[chance.below(ports.length)] ?? 0 })
  const load: Load = { chance, ledger, heard, sending }
  const clients = Array.from(
    { length: CLIENTS },
    () => new LoadClient(client.at(site.origin), load),
  )
  const kills: Record<string, number> = {}
  const recoveries: number[] = []
  for (let round = 1; round <= campaign.kills; round += 1) {
    const victim = victims[round % victims.length]
    if (victim === undefined) throw new Error('nothing to kill')
    let goesOn = true
    const running = clients.map((each) => each.run(() => goesOn))
    await killAtRandom(victim, load)
    const began = performance.now()
    for (const port of ports) {
      await untilDecided(() => client.at(site.origin).credentials({ port }))
    }
    recoveries.push(performance.now() - began)
    goesOn = false
    await Promise.all(running)
    const isNoted = round % 10 === 1 || round === campaign.kills
    await Promise.all([ledger.check(sending, chance), isNoted && audit.verify()])
    kills[victim.name] = (kills[victim.name] ?? 0) + 1
    campaign.tell?.(`${round}: ${victim.name}, ${ledger.violations.length} violations`)
  }
  await Promise.all([ledger.checkAll(sending), audit.checkAll()])
  const { checks, violations } = ledger
  if (heard.acknowledged < LEAST_ANSWERS * campaign.kills) violations.push('there was no load')
  if (checks.redemptions === 0 || checks.replays === 0) violations.push('nothing was checked')
  return { kills, heard, checks, recoveries, violations }
}

/** In the middle of whatever is under way, after some of it was acknowledged. */
async function killAtRandom(victim: Victim, { chance, heard }: Load): Promise<void> {
  const enough = heard.acknowledged + LEAST_ANSWERS + chance.below(MORE_ANSWERS)
  await until(() => heard.acknowledged >= enough)
  await sleep(chance.below(MOMENTS_MILLISECONDS))
  await victim.kill()
  await sleep(chance.below(AWAY_MILLISECONDS))
  await victim.start()
}
