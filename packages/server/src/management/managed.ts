import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { StartedServer } from '../started-server.ts'
import { openManagement, type HealthPorts } from './health.ts'

/** What undoes what was done to start something, in the order in which it was done. */
export type Undo = (() => unknown)[]

/** Undoes the last thing first. */
export async function undoAll(undo: Readonly<Undo>): Promise<void> {
  for (const step of undo.toReversed()) await step()
}

export interface ManagedPorts extends Pick<HealthPorts, 'steps'> {
  /** Where its health is told of; absent: nowhere. */
  readonly management: Config['management']
  readonly health: StartedServer['health']
  readonly undo: Readonly<Undo>
  readonly log: Logger
}

/** Tells of the health of what was started from now on, while it drains too, until it has ended. */
export async function managed({
  management: listen,
  health,
  undo,
  log,
  steps,
}: ManagedPorts): Promise<Pick<StartedServer, 'managementUrl' | 'health' | 'close'>> {
  let draining = false
  const ports = { ...health, draining: () => draining, ...(steps && { steps }) }
  const management = listen && (await openManagement(listen, ports))
  return {
    ...(management !== undefined && { managementUrl: management.url }),
    health,
    close: async () => {
      if (draining) return
      draining = true
      log.info('draining')
      await undoAll(undo)
      await management?.close()
    },
  }
}
