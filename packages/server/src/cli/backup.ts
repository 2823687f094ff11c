import { BackupExists, backUpSqlite } from '@signet/store/sqlite'
import type { Command } from 'commander'
import { statSync } from 'node:fs'
import { withoutPassword } from '../config/addresses.ts'
import type { StoreConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { print, requireDatabase, UsageError, withConfig } from './context.ts'

interface BackupOptions {
  readonly config: string
  readonly force?: boolean
}

export function addBackup(program: Command): void {
  withConfig(program.command('backup').argument('<file>', 'a new file'))
    .description('copy the database to a file, while servers run, and check the copy')
    .option('--force', 'take the place of a file that is there')
    .action(async (file: string, { config: path, force = false }: BackupOptions) => {
      const config = loadConfig(path, process.env)
      requireDatabase(config, false)
      const { version, bytes } = await backUp(config.store, file, force)
      const size = (bytes / 2 ** 20).toFixed(1)
      print(`${file}: ${size} MiB, schema version ${version}, checked.`)
    })
}

async function backUp(
  store: StoreConfig,
  file: string,
  replace: boolean,
): ReturnType<typeof backUpSqlite> {
  if (!('sqlite' in store)) throw new UsageError(otherwise(store, file))
  requireOther(store.sqlite, file)
  try {
    return await backUpSqlite(store.sqlite, file, { replace })
  } catch (error) {
    if (!(error instanceof BackupExists)) throw error
    throw new UsageError(`There is a file ${file} already; --force lets it give way.`)
  }
}

/** What takes the place of a file that servers have open takes everything from them that they write from then on. */
function requireOther(database: string, file: string): void {
  const there = identityOf(file)
  const own = ['', '-wal', '-shm'].map((suffix) => identityOf(database + suffix))
  if (there !== undefined && own.includes(there))
    throw new UsageError(`${file} belongs to the database itself; name another file.`)
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && `${found.dev} ${found.ino}`
}

function otherwise(store: Exclude<StoreConfig, { readonly sqlite: string }>, file: string): string {
  if (!('postgres' in store)) return 'State in memory cannot be backed up.'
  return (
    'PostgreSQL has its own tools for that. While servers run, of one moment:\n' +
    `  (umask 077; pg_dump --format=custom --schema=signet --file=${quoted(file)} --dbname=${quoted(withoutPassword(store.postgres.url))})\n` +
    'Whoever must not lose what was done since takes a base backup and archives the log: see docs/operations.md.'
  )
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
