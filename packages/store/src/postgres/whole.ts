import { StoreUnavailable, type Clock } from '@signet/engine'
import type { Client } from 'pg'
import type { Whole, WholeStores } from '../whole.ts'
import { LET_GO_WHEN_GONE, withClient, type PostgresConnection } from './connection.ts'
import { unavailable } from './failure.ts'
import type { Asked } from './lanes.ts'
import { numberOf } from './service.ts'
import type { Row } from './statement.ts'
import { storeOf } from './store-of.ts'

/** Stores on a connection of its own, in one transaction that takes as long as it takes. */
export function wholeStores(connection: PostgresConnection, clock: Clock): WholeStores {
  const run = async <Result>(
    begin: string,
    issuers: readonly string[],
    work: Whole<Result>,
  ): Promise<Result> => {
    const done = await withClient(connection, async (client) => {
      const lanes = askedOf(client)
      // Whoever makes a service known in a transaction keeps all others from doing so.
      for (const issuer of issuers) await numberOf(issuer, lanes)
      await client.query(`${begin}; ${LET_GO_WHEN_GONE}`)
      // What `work` throws is no failure of the database, and must not become one.
      return work(issuers.map((issuer) => storeOf(issuer, { lanes, clock }))).then(
        async (result) => {
          const { command } = await client.query('COMMIT')
          // Somebody has hidden that a statement failed. The server rolls back then, and does not call it an error.
          if (command !== 'COMMIT') throw new StoreUnavailable('the transaction was rolled back')
          return { result }
        },
        async (error: unknown) => {
          await client.query('ROLLBACK').catch(() => undefined)
          return { error }
        },
      )
    })
    if ('error' in done) throw done.error
    return done.result
  }
  return {
    snapshot: (issuers, read) => run('BEGIN ISOLATION LEVEL REPEATABLE READ', issuers, read),
    transaction: (issuers, work) => run('BEGIN', issuers, work),
  }
}

function askedOf(client: Client): Asked {
  const send: Asked['send'] = async ({ text }, values) => {
    const { rows, rowCount } = await client.query<Row>({ text, values: [...values] })
    return { rows, count: rowCount ?? 0 }
  }
  return {
    send,
    ask: (statement, values) =>
      send(statement, values).catch((error: unknown) => {
        throw unavailable(error)
      }),
  }
}
