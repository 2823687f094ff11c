import type { Seconds } from '@signet/engine'
import { lanesOptions, withClient, type PostgresConnection } from './connection.ts'
import { Lanes } from './lanes.ts'
import { migrate, requireSchema, type Schema } from './migration.ts'

export interface OpeningOptions extends PostgresConnection {
  /** Whether to bring the schema to the version of this release; otherwise it has to be. */
  readonly migrate?: boolean | undefined
}

/** Connections to a database whose schema this release can work with. */
export async function openLanes(
  options: OpeningOptions,
  { schema, now }: { readonly schema: Schema; readonly now: Seconds },
): Promise<Lanes> {
  return withClient(options, async (client) => {
    if (options.migrate === true) await migrate(client, schema, now)
    await requireSchema(client, schema)
    const lanes = new Lanes(lanesOptions(options))
    await lanes.open()
    return lanes
  })
}
