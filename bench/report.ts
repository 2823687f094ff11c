import { phases, type CpuByPhase, type Microseconds, type Phase } from './contract.ts'

/** Every round of one mode. */
type Rounds = readonly CpuByPhase[]

export interface Measured {
  readonly flows: number
  /** By mode, in the order of the table. */
  readonly modes: ReadonlyMap<string, Rounds>
  /** What a token of the client's own took, round by round; only of modes that issue any. */
  readonly clientCredentials: ReadonlyMap<string, readonly Microseconds[]>
  /** What one verification with a cached key cost, round by round. */
  readonly verify: readonly Microseconds[]
}

/** What `--json` writes. Microseconds of server CPU per flow, medians; only modes that ran. */
export interface Summary {
  readonly flow: Readonly<Record<string, Microseconds>>
  /** Per token, no part of a flow. */
  readonly client_credentials: Readonly<Record<string, Microseconds>>
  readonly endpoints: Readonly<Record<string, Readonly<Record<Phase, Microseconds>>>>
  readonly es256_verify_us: Microseconds
  readonly flows_per_round: number
  readonly rounds: number
}

export function summarise({ flows, modes, clientCredentials, verify }: Measured): Summary {
  const entries = [...modes]
  return {
    flow: Object.fromEntries(
      entries.map(([mode, rounds]) => [`${mode}_us`, tenth(median(rounds.map(total)))]),
    ),
    client_credentials: Object.fromEntries(
      [...clientCredentials].map(([mode, rounds]) => [`${mode}_us`, tenth(median(rounds))]),
    ),
    endpoints: Object.fromEntries(entries.map(([mode, rounds]) => [mode, byPhase(rounds)])),
    es256_verify_us: tenth(median(verify)),
    flows_per_round: flows,
    rounds: verify.length,
  }
}

/** The same for people, with the spread, so that a disturbed run shows. */
export function table(measured: Measured): string {
  const { es256_verify_us: verify, rounds } = summarise(measured)
  const rows = [...measured.modes].map(([mode, each]) => row(mode, each, verify))
  return [
    `Server CPU (user + system, all threads), µs per flow: median of ${rounds} rounds of ${measured.flows} flows`,
    '',
    line('', ['flow', ...phases, 'low', 'high', 'verifies']),
    ...rows,
    '',
    `one cached ES256 verify = ${verify} µs`,
    ...[...measured.clientCredentials].map(
      ([mode, each]) => `client_credentials, ${mode}: ${whole(median(each))} µs per token`,
    ),
    ...ratios(measured.modes),
  ].join('\n')
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const around = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  if (around.length === 0) throw new RangeError('no median of nothing')
  return around.reduce((sum, value) => sum + value, 0) / around.length
}

function row(mode: string, rounds: Rounds, verify: Microseconds): string {
  const totals = rounds.map(total)
  const flow = median(totals)
  const by = byPhase(rounds)
  return line(mode, [
    whole(flow),
    ...phases.map((phase) => whole(by[phase])),
    whole(Math.min(...totals)),
    whole(Math.max(...totals)),
    (flow / verify).toFixed(1),
  ])
}

function ratios(modes: Measured['modes']): readonly string[] {
  const flow = (mode: string): number | undefined => {
    const rounds = modes.get(mode)
    return rounds && median(rounds.map(total))
  }
  return [
    ['peer', 'memory'],
    ['peer', 'sqlite'],
    ['memory', 'floor'],
    ['sqlite', 'floor'],
    ['peer', 'floor'],
  ].flatMap(([over = '', under = '']) => {
    const [a, b] = [flow(over), flow(under)]
    return a === undefined || b === undefined ? [] : [`${over} / ${under} = ${(a / b).toFixed(2)}`]
  })
}

function byPhase(rounds: Rounds): Readonly<Record<Phase, Microseconds>> {
  const of = (phase: Phase): Microseconds => tenth(median(rounds.map((each) => each[phase])))
  return {
    par: of('par'),
    authorize: of('authorize'),
    token: of('token'),
    userinfo: of('userinfo'),
  }
}

function total(cpu: CpuByPhase): Microseconds {
  return phases.reduce((sum, phase) => sum + cpu[phase], 0)
}

function line(title: string, cells: readonly string[]): string {
  return title.padEnd(8) + cells.map((cell) => cell.padStart(10)).join('')
}

function whole(value: number): string {
  return value.toFixed(0)
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
