import assert from 'node:assert/strict'
import { AUDIT, growthContract } from '../testing/growth-contract.ts'
import { applyMigrations } from './migrations.ts'
import { openPostgres, type PostgresDatabase } from './open-postgres.ts'
import { serverForTests } from './testing/databases.ts'

const server = await serverForTests({ fsync: false, settings: { autovacuum: 'off' } })

growthContract('PostgreSQL', async () => {
  const url = await server.createDatabase()
  await applyMigrations({ server: url }, 0)
  let opened: PostgresDatabase | undefined
  const database = (): PostgresDatabase => opened ?? assert.fail('not open')
  return {
    open: async (clock) => {
      opened = await openPostgres({ server: url, clock, ...AUDIT })
      return opened.store('https://as.example')
    },
    sweep: (budget) => database().sweep(budget),
    rows: async () => {
      const tables = await server.execute(
        url,
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'signet'",
      )
      const counts = tables.map(
        ({ name }) =>
          `SELECT '${String(name)}' AS name, count(*) AS rows FROM signet.${String(name)}`,
      )
      const rows = await server.execute(url, counts.join(' UNION ALL '))
      return Object.fromEntries(rows.map(({ name, rows: count }) => [String(name), Number(count)]))
    },
    bytes: async () => {
      // What PostgreSQL does by itself, once a minute of a time that does not pass here.
      await server.execute(url, 'VACUUM')
      const [sum] = await server.execute(
        url,
        "SELECT sum(pg_total_relation_size(format('signet.%I', tablename)::regclass)) AS bytes FROM pg_tables WHERE schemaname = 'signet'",
      )
      return Number(sum?.['bytes'])
    },
    close: () => database().close(),
  }
})
