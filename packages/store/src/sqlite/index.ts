export { SchemaRefused } from './migrate.ts'
export { openSqlite, type SqliteDatabase, type SqliteOptions } from './open-sqlite.ts'
export type { Swept } from './sweep.ts'
