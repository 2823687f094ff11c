/**
 * `npm run test:crash`: the campaigns in full. The short form, with three kills for each store, is in `npm test`.
 *
 * `npm run test:crash -- --kills 300 --rounds 20 --seed 7 --store redis` says how long, and where.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { crash } from './crash.ts'
import { deploy, STORES, type StoreName } from './deployment.ts'
import { race } from './race.ts'

/** As many as the machine of the smallest cluster we promise anything about has. */
const PROCESSES = 4

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '105' },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    store: { type: 'string', multiple: true, default: [...STORES] },
  },
})
const stores = values.store.map(storeNamed)
const seed = numberOf('seed')
const rounds = numberOf('rounds')
/** Of all stores together. */
const kills = Math.ceil(numberOf('kills') / stores.length)

let failures = 0
console.log(`seed ${seed}`)
for (const store of stores) failures += await campaign(store)
console.log(failures === 0 ? 'Everything acknowledged was kept.' : `${failures} violations.`)
process.exit(failures === 0 ? 0 : 1)

/** @throws Error for a word that is no store: what is not tried must not pass for proven */
function storeNamed(word: string): StoreName {
  const store = STORES.find((name) => name === word)
  if (store === undefined) throw new Error(`--store is one of ${STORES.join(', ')}, not ${word}`)
  return store
}

/** @throws Error for anything but a whole number above zero */
function numberOf(option: 'kills' | 'rounds' | 'seed'): number {
  const number = Number(values[option])
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${option} is a number from 1, not ${values[option]}`)
}

/** @returns how many violations it found */
async function campaign(store: StoreName): Promise<number> {
  console.log(`\n${store}, ${PROCESSES} processes`)
  const deployment = await deploy(store, PROCESSES)
  for (const line of await race(deployment, rounds)) console.log(line)
  const tell = (line: string): void => console.log(line)
  const report = await crash(deployment, { kills, seed, tell })
  await deployment.stop()
  const { violations, recoveries, ...counted } = report
  console.log(JSON.stringify({ ...counted, recovery: spread(recoveries) }))
  for (const violation of violations) console.log(violation)
  return violations.length
}

/** In milliseconds: the usual one and the longest. */
function spread(recoveries: readonly number[]): { readonly median: number; readonly most: number } {
  const sorted = recoveries.toSorted((one, other) => one - other).map(Math.round)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, most: sorted.at(-1) ?? 0 }
}
