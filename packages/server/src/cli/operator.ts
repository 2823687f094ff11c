import type { Store } from '@signet/engine'
import { userInfo } from 'node:os'
import { recordAdministered, type Administered } from '../adapters/administered.ts'
import { systemClock, systemRandom } from '../adapters/system.ts'

/** Puts on record what whoever runs this command has changed. */
export function changed(
  store: Pick<Store, 'audit'>,
  change: Omit<Administered, 'by'>,
): Promise<void> {
  const by = operator(process.env['SUDO_USER'])
  return recordAdministered({ ...change, by }, { store, random: systemRandom, clock: systemClock })
}

/** Longer ones are no names. */
const LONGEST = 100

/** The user of the operating system, and who became that user, as far as the environment tells. */
export function operator(before: string | undefined): string {
  return before === undefined ? userName() : `${userName()}, by sudo of ${before.slice(0, LONGEST)}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container there may be a number and no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
