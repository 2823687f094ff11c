import type { Store } from '@signet/engine'
import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { openDurable, openStores, type LastingStore } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import type { Config, ServiceConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'

/** A mistake of whoever called the command: shown as it is, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Options of every command that works on a service. */
export interface ServiceOptions {
  readonly config: string
  readonly issuer?: string
}

const DEFAULT_CONFIG = 'signet.yaml'

export function withConfig(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'the configuration file (environment: SIGNET_CONFIG)',
    process.env['SIGNET_CONFIG'] ?? DEFAULT_CONFIG,
  )
}

export function withService(command: Command): Command {
  return withConfig(command).option('--issuer <url>', 'which service, when the file has several')
}

export interface ServiceContext<Kept extends LastingStore = LastingStore> {
  readonly config: Config
  readonly chosen: ServiceConfig
  readonly store: Kept
  /** Keeps a change together with its record, or neither. No store is to be `settled` meanwhile. */
  readonly together: <Result>(change: (store: LastingStore) => Promise<Result>) => Promise<Result>
}

interface Terms {
  readonly mayMakeDatabase?: boolean
}

/**
 * Runs something against what lasts of one service, and keeps what it wrote. Only what prepares a first start makes the
 * database: whoever asks or changes something, and has named the wrong file, is to know.
 */
export function onService<Result>(
  options: ServiceOptions,
  work: (context: ServiceContext) => Promise<Result>,
  terms?: Terms,
): Promise<Result> {
  return onStore(options, work, { ...terms, open: openDurable })
}

/** The same for who needs what is of a moment, too, and so the Redis it may be in. */
export function onWholeService<Result>(
  options: ServiceOptions,
  work: (context: ServiceContext<Store>) => Promise<Result>,
  terms?: Terms,
): Promise<Result> {
  return onStore(options, work, { ...terms, open: openStores })
}

async function onStore<Result>(
  options: ServiceOptions,
  work: (context: ServiceContext<Store>) => Promise<Result>,
  { open, mayMakeDatabase = false }: Terms & { readonly open: typeof openStores },
): Promise<Result> {
  const config = loadConfig(options.config, process.env)
  const chosen = choose(config, options.issuer)
  requireDatabase(config, mayMakeDatabase)
  const stores = await open(config, systemClock)
  try {
    const { issuer } = chosen.service
    const store = stores.store(issuer)
    const together: ServiceContext['together'] = (change) =>
      stores.transaction([issuer], ([changing = store]) => change(changing))
    const result = await work({ config, chosen, store, together })
    await store.settled()
    return result
  } finally {
    await stores.close()
  }
}

export function requireDatabase({ store }: Config, mayMakeDatabase: boolean): void {
  if (mayMakeDatabase || !('sqlite' in store) || existsSync(store.sqlite)) return
  throw new UsageError(`There is no database ${store.sqlite} yet; signet serve makes it.`)
}

function choose({ services }: Config, issuer: string | undefined): ServiceConfig {
  const issuers = services.map(({ service }) => service.issuer)
  const found =
    issuer === undefined && services.length === 1
      ? services[0]
      : services.find(({ service }) => service.issuer === issuer)
  if (found !== undefined) return found
  throw new UsageError(
    issuer === undefined
      ? `Which service? Add --issuer with one of: ${issuers.join(', ')}`
      : `There is no service ${issuer}. There are: ${issuers.join(', ')}`,
  )
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Whoever reads may have seen enough from now on, as `head` does: what has begun is brought to its end. */
export function finishUnread(): void {
  process.stdout.removeAllListeners('error').on('error', () => undefined)
}

/** One line of text for people: whoever can write to the database must not write to the terminal. */
export function shown(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
}

/** Milliseconds since 1970, for people; beyond all calendars they stay a number. */
export function timeOf(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at)
}

/** Rows as columns of equal width, the first one as headings. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(shown))
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
