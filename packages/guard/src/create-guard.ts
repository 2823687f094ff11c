import { createGuardIn, type Guard } from './guard.ts'
import { createProxyList } from './io/proxy-list.ts'
import { createWorld } from './io/world.ts'
import type { GuardOptions } from './options.ts'

/**
 * A guard with the clock of this machine, that fetches what it needs over https.
 *
 * @throws InvalidGuardOptions with all that is wrong with the options.
 */
export function createGuard(options: GuardOptions): Guard {
  return createGuardIn(options, {
    world: createWorld({ ca: options.ca }),
    isProxy: createProxyList(options.certificateHeader?.proxies ?? []),
  })
}
