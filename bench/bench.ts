import { startChild, type Child } from './child.ts'
import { forced, phases, type CpuByPhase, type Microseconds, type Setup } from './contract.ts'
import { createCredentials, type Credentials } from './credentials.ts'
import { createDriver } from './driver.ts'
import type { Measured } from './report.ts'

/** What can be measured, in the order of the report. */
export const modes = ['memory', 'sqlite', 'peer', 'floor'] as const

export type Mode = (typeof modes)[number]

/** The process that runs it. */
const modules: Readonly<Record<Mode, URL>> = {
  memory: new URL('./servers/signet.ts', import.meta.url),
  sqlite: new URL('./servers/signet.ts', import.meta.url),
  peer: new URL('./servers/peer.ts', import.meta.url),
  floor: new URL('./floor.ts', import.meta.url),
}

export interface Options {
  readonly modes: readonly Mode[]
  /** Complete flows in one round of one mode. */
  readonly flows: number
  /** Rounds that count. */
  readonly rounds: number
  /** Rounds before them, for the compiler to settle. */
  readonly warmUp: number
  /** Requests under way at the same time. */
  readonly inFlight: number
  /** Where CPU profiles of the servers go, one per mode; none by default. */
  readonly profiles?: string
}

interface Runner {
  readonly mode: Mode
  readonly round: (flows: number) => Promise<CpuByPhase>
  readonly clientCredentials?: (count: number) => Promise<Microseconds>
  readonly proveStrict?: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Runs all modes round-robin in one run, so that whatever else the machine does hits all alike. */
export async function runBench(options: Options): Promise<Measured> {
  const credentials = createCredentials()
  const floor = startChild(modules.floor)
  const runners: Runner[] = []
  try {
    for (const mode of options.modes) runners.push(await startRunner(mode, credentials, options))
    const measured = await measure(runners, floor, options)
    // Last, because a server that sees a code twice may well forget the consent.
    for (const { proveStrict } of runners) await proveStrict?.()
    return measured
  } finally {
    await Promise.all([...runners, floor].map(({ stop }) => stop()))
  }
}

async function measure(
  runners: readonly Runner[],
  floor: Child,
  { flows, rounds, warmUp }: Options,
): Promise<Measured> {
  const measured = new Map(runners.map(({ mode }) => [mode, [] as CpuByPhase[]]))
  const clientCredentials = new Map<string, Microseconds[]>()
  const verify: Microseconds[] = []
  for (let count = -warmUp; count < rounds; count++) {
    const unit = (await floor.spend({ verifies: 1, signs: 0 }, 2 * flows)) / (2 * flows)
    if (count >= 0) verify.push(unit)
    for (const runner of runners) {
      const { mode } = runner
      const cpu = await runner.round(flows)
      const own = await runner.clientCredentials?.(flows)
      if (count < 0) continue
      measured.get(mode)?.push(cpu)
      if (own !== undefined)
        clientCredentials.set(mode, [...(clientCredentials.get(mode) ?? []), own])
    }
  }
  return { flows, modes: measured, clientCredentials, verify }
}

async function startRunner(
  mode: Mode,
  credentials: Credentials,
  { inFlight, profiles }: Options,
): Promise<Runner> {
  const child = startChild(modules[mode], profiles === undefined ? [] : profiling(profiles, mode))
  const setup: Setup = { ...credentials.setup, mode }
  if (mode === 'floor') {
    return { mode, round: (flows) => floorRound(child, flows), stop: child.stop }
  }
  const target = await child.serve(setup)
  const driver = createDriver({ target, credentials, inFlight, cpu: child.cpu })
  return {
    mode,
    round: driver.round,
    clientCredentials: driver.clientCredentials,
    proveStrict: driver.proveStrict,
    stop: async () => {
      driver.close()
      await child.stop()
    },
  }
}

async function floorRound(floor: Child, flows: number): Promise<CpuByPhase> {
  const spent = { par: 0, authorize: 0, token: 0, userinfo: 0 }
  for (const phase of phases) spent[phase] = (await floor.spend(forced[phase], flows)) / flows
  return spent
}

/** The file is written when the process ends. */
function profiling(directory: string, mode: Mode): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${mode}.cpuprofile`]
}
