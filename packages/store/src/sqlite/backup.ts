import { chmodSync, closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { SchemaRefused } from '../schema-refused.ts'
import { versionOf } from './migrate.ts'
import { naming } from './open-sqlite.ts'
import { OWNER_ONLY } from './private-file.ts'
import { MIGRATIONS } from './schema.ts'

/** How long the copy waits for a process that is just cleaning up the log of the file. */
const BUSY_MILLISECONDS = 5_000

/**
 * All pages in one step. Between steps others may write, and the copy would begin anew each time; in one step it is of one
 * moment, and with a log nobody has to wait for it.
 */
const ALL_PAGES = 2 ** 31 - 1

export interface BackupOptions {
  /** Whether a file that is there gives way to the backup. */
  readonly replace?: boolean
}

export interface Backup {
  /** The version of its schema. */
  readonly version: number
  readonly bytes: number
}

/** There is a file where the backup was to be. */
export class BackupExists extends Error {
  override readonly name = 'BackupExists'
}

/**
 * Copies a database to a file of its own, while servers are at work: everything of one moment, readable by its owner only.
 * The file has its name once it is complete, on disk and checked; until then, and when that fails, there is nothing there
 * or what was there before.
 *
 * @throws SchemaRefused when the database is not ours, of a newer release, or damaged; BackupExists; StoreUnavailable when SQLite cannot copy it.
 */
export async function backUpSqlite(
  path: string,
  to: string,
  { replace = false }: BackupOptions = {},
): Promise<Backup> {
  const partial = `${to}.${process.pid}.partial`
  closeSync(openSync(partial, 'wx', OWNER_ONLY))
  try {
    chmodSync(partial, OWNER_ONLY)
    await copy(path, partial)
    const made = check(partial)
    sync(partial)
    if (replace) renameSync(partial, to)
    else giveName(partial, to)
    sync(dirname(to))
    return made
  } catch (error) {
    throw naming(path, error)
  } finally {
    for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(partial + rest, { force: true })
  }
}

async function copy(path: string, to: string): Promise<void> {
  const source = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MILLISECONDS })
  try {
    versionOf(source, MIGRATIONS)
    await backup(source, to, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
}

/** Makes of a copy one file that needs no other, and looks at every page of it. */
function check(path: string): Backup {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = DELETE')
    const version = versionOf(database, MIGRATIONS)
    const [found] = database.prepare('PRAGMA integrity_check(1)').all()
    const [stray] = database.prepare('PRAGMA foreign_key_check').all()
    if (found?.['integrity_check'] !== 'ok' || stray !== undefined) {
      throw new SchemaRefused(
        'the database is damaged: keep what is left of it, and restore a backup made before',
      )
    }
    const size = database
      .prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')
      .get()
    return { version, bytes: Number(size?.['bytes']) }
  } finally {
    database.close()
  }
}

/** Fails when something has the name already, whoever was first. */
function giveName(partial: string, to: string): void {
  try {
    linkSync(partial, to)
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (!exists) throw error
    throw new BackupExists(`there is a file ${to} already`, { cause: error })
  }
}

function sync(path: string): void {
  const opened = openSync(path, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
