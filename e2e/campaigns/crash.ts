import { setTimeout as sleep } from 'node:timers/promises'
import { signet } from '../testing/cli.ts'
import { chanceOf, type Chance } from './chance.ts'
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

/**
 * Puts servers under load and kills one process after the other with `kill -9`, of Signet or of its store, at moments that
 * nobody chose. After each, everything that was acknowledged has to be as it was acknowledged.
 */
export async function crash(deployment: Deployment, campaign: Campaign): Promise<Report> {
  const { victims, ports, site, client } = deployment
  const chance = chanceOf(campaign.seed)
  const ledger = new Ledger()
  const heard: Heard = { acknowledged: 0, refused: 0, unknown: 0 }
  const sending = (): { port: number } => ({ port: ports[chance.below(ports.length)] ?? 0 })
  const load: Load = { chance, ledger, heard, sending }
  const clients = Array.from(
    { length: CLIENTS },
    () => new LoadClient(client.at(site.origin), load),
  )
  const kills: Record<string, number> = {}
  const recoveries: number[] = []
  let heads: readonly string[] = []
  for (let round = 1; round <= campaign.kills; round += 1) {
    const victim = victims[round % victims.length]
    if (victim === undefined) throw new Error('nothing to kill')
    let goesOn = true
    const running = clients.map((each) => each.run(() => goesOn))
    await killAtRandom(victim, chance)
    const began = performance.now()
    for (const port of ports) {
      await untilDecided(() => client.at(site.origin).credentials({ port }))
    }
    recoveries.push(performance.now() - began)
    goesOn = false
    await Promise.all(running)
    await ledger.check(sending, chance)
    kills[victim.name] = (kills[victim.name] ?? 0) + 1
    if (round % 10 === 0 || round === campaign.kills) heads = await verifyAudit(site, heads)
    campaign.tell?.(`${round}: ${victim.name}, ${ledger.violations.length} violations`)
  }
  await ledger.checkAll(sending)
  const { checks, violations } = ledger
  return { kills, heard, checks, recoveries, violations }
}

async function killAtRandom(victim: Victim, chance: Chance): Promise<void> {
  await sleep(400 + chance.below(800))
  await victim.kill()
  await sleep(chance.below(300))
  await victim.start()
}

/**
 * The chain is whole, and what was its end the last time is still in it.
 *
 * @returns the heads of the streams now
 */
async function verifyAudit(
  { configFile }: Deployment['site'],
  heads: readonly string[],
): Promise<readonly string[]> {
  const noted = heads.flatMap((head) => ['--head', head])
  const ran = await signet(['audit', 'verify', '--config', configFile, ...noted])
  if (ran.code !== 0) throw new Error(`the audit is not intact:\n${ran.stdout}${ran.stderr}`)
  return ran.stdout.match(/(?:trusted|strangers):[1-9]\d*:[\w-]{43}/g) ?? []
}
