import { fixedClock } from '@signet/engine/testing'
import { openPostgres } from '@signet/store/postgres'
import { openSqlite } from '@signet/store/sqlite'
import type { KeyPolicy } from '../config/config.ts'
import { ensureKeys, type KeyKeeping } from '../adapters/key-records.ts'
import { rotateWhenDue } from '../adapters/key-schedule.ts'

const DAY = 86_400
export const POLICY: KeyPolicy = {
  announce: 600,
  retire: DAY,
  rotateEvery: 90 * DAY,
  rotateNoncesEvery: 90 * DAY,
}

const SERVICE: KeyKeeping['service'] = {
  issuer: 'https://as.example',
  signingAlgorithms: ['ES256', 'EdDSA'],
  requestObjectEncryption: ['ECDH-ES'],
}

/** A store with keys, of several processes, each of which has a clock that is set. */
export interface Keeper extends KeyKeeping {
  readonly clock: ReturnType<typeof fixedClock>
  close(): unknown
}

/** @param place an address of PostgreSQL, or the path of a file */
export async function openKeeper(place: string): Promise<Keeper> {
  const clock = fixedClock()
  const options = { clock, retention: DAY }
  const database = place.startsWith('postgres:')
    ? await openPostgres({ ...options, server: place, migrate: true, connections: 2 })
    : openSqlite(place, options)
  const store = database.store(SERVICE.issuer)
  return { service: SERVICE, store, clock, close: () => database.close() }
}

/** What a process tells: the algorithms of the keys it has made, if it has; and that it waits. */
export type Told = readonly string[]

/** One process of several: asked twice for each rotation, to look at the keys at a time, and then to replace what is due. */
async function rotateWhenTold(place: string): Promise<void> {
  const keeper = await openKeeper(place)
  const tell = (told: Told): void => void process.send?.(told)
  await ensureKeys(keeper)
  let known = await keeper.store.keys.list()
  process.on('message', (now: number | 'go') => {
    const answer = async (): Promise<Told> => {
      if (now === 'go') {
        const made = await rotateWhenDue(keeper, POLICY, known)
        return made.map(({ algorithm }) => algorithm)
      }
      keeper.clock.set(now)
      known = await keeper.store.keys.list()
      return []
    }
    void answer().then(tell, (error: unknown) => {
      throw error
    })
  })
  process.on('disconnect', () => process.exit())
  tell([])
}

const [, , place] = process.argv
if (import.meta.main && place !== undefined) await rotateWhenTold(place)
