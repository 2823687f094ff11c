import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { AUDIT, growthContract } from '../testing/growth-contract.ts'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

growthContract('SQLite', async () => {
  const path = temporaryFile()
  let opened: SqliteDatabase | undefined
  const database = (): SqliteDatabase => opened ?? assert.fail('not open')
  const ask = (sql: string): readonly Readonly<Record<string, unknown>>[] => {
    const reader = new DatabaseSync(path, { readOnly: true })
    try {
      return reader.prepare(sql).all()
    } finally {
      reader.close()
    }
  }
  const number = (sql: string): number => Number(Object.values(ask(sql)[0] ?? {})[0])
  return {
    open: async (clock) => {
      opened = openSqlite(path, { clock, ...AUDIT })
      return opened.store('https://as.example')
    },
    sweep: (budget) => database().sweep(budget),
    rows: async () => {
      const tables = ask("SELECT name FROM sqlite_schema WHERE type = 'table'")
      const names = tables.map(({ name }) => String(name))
      return Object.fromEntries(names.map((name) => [name, number(`SELECT count(*) FROM ${name}`)]))
    },
    bytes: async () => number('PRAGMA page_count') * number('PRAGMA page_size'),
    close: () => database().close(),
  }
})
