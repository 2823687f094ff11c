import type { KeyRecord } from '@signet/engine'
import type { Command } from 'commander'
import { randomBytes } from 'node:crypto'
import { nextRotation } from '../adapters/key-schedule.ts'
import { rotate, SHORTEST_NOTICE } from '../adapters/key-rotation.ts'
import { sealAnew, sealedBy, sealedKeys, type Sealing } from '../adapters/sealed-keys.ts'
import { systemClock } from '../adapters/system.ts'
import type { Config, ServiceConfig } from '../config/config.ts'
import {
  onService,
  print,
  table,
  timeOf,
  UsageError,
  withService,
  type ServiceContext,
  type ServiceOptions,
} from './context.ts'
import { changed } from './operator.ts'

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('manage the keys of a service')
  withService(keys.command('list'))
    .description('list the keys and what each is doing now')
    .action(async (options: ServiceOptions) => {
      print(await onService(options, keyTable))
    })
  withService(keys.command('rotate'))
    .description(
      'make new keys: those that sign are announced and sign after keys.announce, those to be encrypted to are published within a minute; the old ones stay for keys.retire',
    )
    .option(
      '--now',
      `use the new keys as soon as others can know them: in ${SHORTEST_NOTICE} seconds`,
    )
    .option('--algorithm <name>', 'only the key for this algorithm')
    .action(rotateKeys)
  withService(keys.command('reseal'))
    .description(
      'seal all keys with the first master key, after a new one was put in front of the others',
    )
    .option('--unsealed', 'seal those that are not sealed, too, as an earlier version left them')
    .action(reseal)
  keys
    .command('master')
    .description('make a master key: a line for the file that master_key names')
    .action(() => print(randomBytes(32).toString('base64url')))
}

interface RotateOptions extends ServiceOptions {
  readonly now?: boolean
  readonly algorithm?: string
}

async function rotateKeys({ now = false, algorithm, ...options }: RotateOptions): Promise<void> {
  const shown = await onService(options, async (context) => {
    const { config, chosen, together } = context
    const { announce } = config.keys
    const soon = { ...config.keys, announce: Math.min(announce, SHORTEST_NOTICE) }
    const rotation = {
      policy: now ? soon : config.keys,
      now: systemClock.now(),
      ...(algorithm !== undefined && { algorithm }),
    }
    await together(async (store) => {
      const keys = sealedKeys(store.keys, sealingOf(config, chosen))
      const made = await rotate({ keys }, rotation).catch(toUsageError)
      const names = made.map((key) => `${key.algorithm} ${key.kid}`)
      await changed(store, { step: 'keys-rotate', detail: `new keys: ${names.join(', ')}` })
    })
    return keyTable(context)
  })
  print(shown)
}

async function reseal(options: ServiceOptions & { readonly unsealed?: boolean }): Promise<void> {
  const count = await onService(options, ({ config, chosen, together }) =>
    together(async (store) => {
      const sealed = await sealAnew(store.keys, sealingOf(config, chosen), options)
      const detail = `keys sealed with the first master key: ${sealed}`
      if (sealed > 0) await changed(store, { step: 'keys-reseal', detail })
      return sealed
    }),
  )
  print(
    count === 0
      ? 'All keys were sealed with the first master key already.'
      : `Sealed with the first master key: ${count}`,
  )
}

function sealingOf({ masterKeys }: Config, { service }: ServiceConfig): Sealing {
  return { issuer: service.issuer, masterKeys }
}

/** A mistyped algorithm is a mistake of whoever called. */
function toUsageError(error: unknown): never {
  if (error instanceof RangeError) throw new UsageError(`Nothing was changed: ${error.message}.`)
  throw error
}

async function keyTable({ store, config }: ServiceContext): Promise<string> {
  const now = systemClock.now()
  const records = await store.keys.list()
  const rows = records.map((record) => [
    record.kid,
    record.use,
    record.algorithm,
    stateOf(record, records, now),
    momentOf(record.signsFrom),
    momentOf(nextRotation(record, config.keys)),
    momentOf(record.retiresAt),
    sealedBy(record) ?? 'nothing',
  ])
  return table([
    ['KEY', 'USE', 'ALGORITHM', 'STATE', 'IN USE FROM', 'NEXT ROTATION', 'GONE FROM', 'SEALED BY'],
    ...rows,
  ])
}

/** Of a moment that never comes, nothing. */
function momentOf(seconds: number = Infinity): string {
  return seconds === Infinity ? '' : timeOf(seconds * 1_000)
}

const IN_USE: Readonly<Record<KeyRecord['use'], string>> = {
  sig: 'signing',
  enc: 'encrypted to',
  nonce: 'signing',
}

function stateOf(record: KeyRecord, all: readonly KeyRecord[], now: number): string {
  if (record.retiresAt !== undefined && record.retiresAt <= now) return 'gone'
  if (record.signsFrom > now) return 'announced'
  const newer = all.some(
    ({ algorithm, use, signsFrom }) =>
      algorithm === record.algorithm &&
      use === record.use &&
      signsFrom > record.signsFrom &&
      signsFrom <= now,
  )
  return newer ? 'retiring' : IN_USE[record.use]
}
