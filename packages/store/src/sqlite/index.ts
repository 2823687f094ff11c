export { openSqliteReplay, type SqliteReplay, type SqliteReplayOptions } from './guard-replay.ts'
export { SchemaRefused } from './migrate.ts'
export { openSqlite, type SqliteDatabase, type SqliteOptions } from './open-sqlite.ts'
export type { Swept } from './sweep.ts'
