import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { modes, runBench, type Mode, type Options } from './bench.ts'
import { guardTable, measureGuard, type GuardSummary } from './guard.ts'
import { heaviest } from './profile.ts'
import { summarise, table } from './report.ts'

/** Measured in this process, beside the modes. */
const GUARD = 'guard'

const USAGE = `npm run bench -- [options]

  --json FILE     also write the figures as JSON
  --flows N       complete flows in a round (250)
  --rounds N      rounds that count; warm-up comes on top (11)
  --in-flight N   requests under way at the same time (16)
  --only MODES    a comma-separated choice of ${[...modes, GUARD].join(', ')}
  --profile       also write CPU profiles of the servers and name the heaviest functions
`

const PROFILES = fileURLToPath(new URL('./dist/profiles', import.meta.url))
const HEAVIEST = 25

/** Rounds, at most: some 4,000 flows, after which Signet was seen to get no cheaper. */
const WARM_UP = 16

const { values: given } = parseArgs({
  options: {
    json: { type: 'string' },
    flows: { type: 'string', default: '250' },
    rounds: { type: 'string', default: '11' },
    'in-flight': { type: 'string', default: '16' },
    only: { type: 'string', default: [...modes, GUARD].join(',') },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (given.help) process.stdout.write(USAGE)
else await run()

async function run(): Promise<void> {
  if (given.profile) await mkdir(PROFILES, { recursive: true })
  const options = read()
  const measured = await runBench(options)
  process.stdout.write(`${table(measured)}\n`)
  const guard = isWanted(GUARD) ? await guardSummary(options) : undefined
  if (given.json !== undefined) {
    const figures = { ...summarise(measured), guard }
    await writeFile(given.json, `${JSON.stringify(figures, undefined, 2)}\n`)
  }
  if (given.profile) await showProfiles(options.modes)
}

async function guardSummary({ flows, rounds, warmUp }: Options): Promise<GuardSummary> {
  const summary = await measureGuard({ checks: 4 * flows, rounds, warmUp })
  process.stdout.write(`\n${guardTable(summary)}\n`)
  return summary
}

function isWanted(name: string): boolean {
  return given.only.split(',').includes(name)
}

function read(): Options {
  const rounds = positive('rounds', given.rounds)
  return {
    modes: given.only
      .split(',')
      .filter((name) => name !== GUARD)
      .map(modeOf),
    flows: positive('flows', given.flows),
    rounds,
    inFlight: positive('in-flight', given['in-flight']),
    warmUp: Math.min(WARM_UP, 2 * rounds),
    ...(given.profile && { profiles: PROFILES }),
  }
}

async function showProfiles(ran: readonly Mode[]): Promise<void> {
  for (const mode of ran) {
    const file = join(PROFILES, `${mode}.cpuprofile`)
    const lines = await heaviest(file, HEAVIEST)
    process.stdout.write(`\n${mode}: ${file}\n${lines.join('\n')}\n`)
  }
}

function modeOf(name: string): Mode {
  const mode = modes.find((known) => known === name)
  if (mode === undefined)
    throw new Error(`--only takes ${[...modes, GUARD].join(', ')}, not ${name}`)
  return mode
}

function positive(option: string, value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new Error(`--${option} takes a number above 0, not ${value}`)
  }
  return number
}
