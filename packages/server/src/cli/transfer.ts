import { shutOut, type Store, type User } from '@signet/engine'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sealedBy, sealedKeys } from '../adapters/sealed-keys.ts'
import { openDurable, openStores, type Stores } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { Export, ServiceExport } from '../transfer/format.ts'
import { parseExport } from '../transfer/parse.ts'
import { readService } from '../transfer/read.ts'
import { countsOf } from '../transfer/rows.ts'
import { ImportClash, takeOver } from '../transfer/take-over.ts'
import { textOf } from '../transfer/write.ts'
import { finishUnread, print, requireDatabase, UsageError, withConfig } from './context.ts'
import { changed } from './operator.ts'

interface TransferOptions {
  readonly config: string
  readonly issuer?: string
}

interface ExportOptions extends TransferOptions {
  readonly keys?: boolean
}

interface ImportOptions extends TransferOptions {
  readonly replace?: boolean
}

export function addTransfer(program: Command): void {
  withIssuer(program.command('export'))
    .description('write clients, users, consents and grants as JSON, for signet import elsewhere')
    .option('--keys', 'with the keys, sealed as they are in the store')
    .action((options: ExportOptions) => exportTo(process.stdout, options))
  withIssuer(
    program.command('import').argument('<file>', 'what signet export wrote; - for standard input'),
  )
    .description('take over what signet export wrote, all of it or nothing')
    .option('--replace', 'put what is in the file in the place of what has the same name')
    .action((file: string, options: ImportOptions) => importFrom(file, options))
}

function withIssuer(command: Command): Command {
  return withConfig(command).option('--issuer <url>', 'only this service')
}

async function exportTo(
  to: NodeJS.WritableStream,
  { config: path, issuer, keys = false }: ExportOptions,
): Promise<void> {
  const config = loadConfig(path, process.env)
  const issuers = chosen(issuersOf(config), issuer)
  requireDatabase(config, false)
  const services = await using(await openDurable(config, systemClock), async (stores) => {
    const read = await stores.snapshot(issuers, (all) =>
      Promise.all(
        all.map((store, index) => readService(issuers[index] ?? '', store, { withKeys: keys })),
      ),
    )
    requireSealed(read)
    for (const service of read) {
      const store = stores.store(service.issuer)
      await changed(store, { step: 'export', detail: countsOf(service) })
      await store.settled()
    }
    return read
  })
  const exported: Export = { format: 'signet-export', version: 1, services }
  await pipeline(Readable.from(textOf(exported)), to, { end: false })
}

async function importFrom(
  file: string,
  { config: path, issuer, replace = false }: ImportOptions,
): Promise<void> {
  const config = loadConfig(path, process.env)
  const [source, name] = file === '-' ? [0, 'standard input'] : [file, file]
  const all = parseExport(readFileSync(source, 'utf8'), name).services
  const issuers = chosen(
    all.map((service) => service.issuer),
    issuer,
  )
  const services = all.filter((service) => issuers.includes(service.issuer))
  requireConfigured(issuers, config)
  for (const service of services) await requireOpen(service, config)
  await using(await openStores(config, systemClock), async (stores) => {
    finishUnread()
    const lockedOut = await stores
      .transaction(issuers, (opened) => takeAll(services, opened, { replace }))
      .catch(toUsageError)
    for (const service of services) print(`${service.issuer}: ${countsOf(service)}`)
    await endAll(lockedOut, { config, stores })
  })
}

/** Users by the issuers whose they are. */
type LockedOut = ReadonlyMap<string, readonly User[]>

async function takeAll(
  services: readonly ServiceExport[],
  stores: readonly Store[],
  terms: { readonly replace: boolean },
): Promise<LockedOut> {
  const lockedOut = new Map<string, readonly User[]>()
  for (const [index, store] of stores.entries()) {
    const service = services[index]
    if (service === undefined) continue
    lockedOut.set(service.issuer, await takeOver(service, store, terms))
    await changed(store, { step: 'import', detail: countsOf(service) })
  }
  return lockedOut
}

/** After what was imported is kept, so that nothing new begins by an old password. */
async function endAll(
  lockedOut: LockedOut,
  { config, stores }: { readonly config: Config; readonly stores: Stores },
): Promise<void> {
  for (const { service } of config.services) {
    const store = stores.store(service.issuer)
    for (const { subject, username } of lockedOut.get(service.issuer) ?? []) {
      await shutOut(subject, { store, service, clock: systemClock })
      print(`${service.issuer}: sessions and grants of ${JSON.stringify(username)} ended`)
    }
  }
}

async function using<Result>(
  stores: Stores,
  work: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(stores)
  } finally {
    await stores.close()
  }
}

function issuersOf({ services }: Config): readonly string[] {
  return services.map(({ service }) => service.issuer)
}

function chosen(issuers: readonly string[], issuer: string | undefined): readonly string[] {
  if (issuer === undefined) return issuers
  if (issuers.includes(issuer)) return [issuer]
  throw new UsageError(`There is no service ${issuer}. There are: ${issuers.join(', ')}`)
}

function requireConfigured(issuers: readonly string[], config: Config): void {
  const known = issuersOf(config)
  const stranger = issuers.find((issuer) => !known.includes(issuer))
  if (stranger === undefined) return
  throw new UsageError(
    `${stranger} is in the file, and no service of the configuration. Configure it, or name another one with --issuer.`,
  )
}

/** A key is carried as it lies, and must not lie open. */
function requireSealed(services: readonly ServiceExport[]): void {
  const open = services.flatMap(({ keys = [] }) => keys).find((key) => sealedBy(key) === undefined)
  if (open === undefined) return
  throw new UsageError(`The key ${open.kid} is not sealed, and keys are carried sealed only.`)
}

/** @throws UsageError for keys that are open, MasterKeyRefused for keys that this configuration cannot open. */
async function requireOpen(service: ServiceExport, { masterKeys }: Config): Promise<void> {
  const { issuer, keys } = service
  if (keys === undefined) return
  requireSealed([service])
  const records = { list: () => Promise.resolve(keys), put: () => Promise.resolve() }
  await sealedKeys(records, { issuer, masterKeys }).list()
}

/** More say nothing more. */
const MOST_LINES = 20

function toUsageError(error: unknown): never {
  if (!(error instanceof ImportClash)) throw error
  const { clashes } = error
  const lines = clashes.slice(0, MOST_LINES).map((line) => `  - ${line}`)
  const more = clashes.length - lines.length
  if (more > 0) lines.push(`  - and ${more} more`)
  throw new UsageError(
    `Nothing was imported: what is there is in the way.\n${lines.join('\n')}\n` +
      'Import before the first start on the new store; --replace puts what is in the file in the place of what has the same name.',
  )
}
