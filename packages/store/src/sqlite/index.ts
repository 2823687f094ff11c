export { SchemaRefused } from '../schema-refused.ts'
export { openSqliteReplay, type SqliteReplay, type SqliteReplayOptions } from './guard-replay.ts'
export { openSqlite, type SqliteDatabase, type SqliteOptions } from './open-sqlite.ts'
export type { Swept } from './sweep.ts'
