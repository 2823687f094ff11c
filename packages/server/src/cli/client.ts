import { canonicalJson, clientFromMetadata, digestOf, type ClientRecord } from '@signet/engine'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import type { LastingStore } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import { parseText } from '../config/files.ts'
import { InvalidConfig, problemsOf } from '../config/problems.ts'
import { clientSchema } from '../config/schema.ts'
import {
  onService,
  print,
  table,
  UsageError,
  withService,
  type ServiceContext,
  type ServiceOptions,
} from './context.ts'
import { changed } from './operator.ts'

export function addClient(program: Command): void {
  const client = program.command('client').description('manage clients')
  withService(
    client
      .command('add')
      .argument('<file>', 'metadata (RFC 7591), JSON or YAML; - for standard input'),
  )
    .description('register a client, or replace what is registered under its client_id')
    .action(async (file: string, options: ServiceOptions) => {
      const metadata = readMetadata(file)
      const register = async ({ store, chosen, together }: ServiceContext): Promise<string> => {
        const { id: clientId } = clientFromMetadata(metadata, chosen.service)
        const existing = await store.clients.get(clientId)
        assertNotDeclared(existing, options)
        const updatedAt = systemClock.now()
        const record = {
          clientId,
          metadata,
          source: 'command',
          disabled: false,
          updatedAt,
        } as const
        const did = existing === undefined ? 'registered' : 'replaced'
        const detail = `${did}; SHA-256 of the metadata ${digestOf(canonicalJson(metadata))}`
        await together(async (changing) => {
          await changing.clients.put(record)
          await changed(changing, { step: 'client-add', clientId, detail })
        })
        return clientId
      }
      const id = await onService(options, register, { mayMakeDatabase: true })
      print(`Client ${id} is registered. ${NOTICED}`)
    })
  withService(client.command('list'))
    .description('list the clients')
    .action(async (options: ServiceOptions) => {
      const records = await onService(options, ({ store }) => store.clients.list())
      print(table([['CLIENT', 'NAME', 'FROM', 'STATE'], ...records.map(row)]))
    })
  withService(client.command('show').argument('<client id>'))
    .description('show a client as it is registered')
    .action(async (id: string, options: ServiceOptions) => {
      const record = await onService(options, ({ store }) => find(store, id))
      print(JSON.stringify(record.metadata, undefined, 2))
    })
  withService(client.command('disable').argument('<client id>'))
    .description('shut a client out: it gets no more tokens, and those it has end')
    .action((id: string, options: ServiceOptions) => setDisabled(id, true, options))
  withService(client.command('enable').argument('<client id>'))
    .description('let a client in again')
    .action((id: string, options: ServiceOptions) => setDisabled(id, false, options))
}

const NOTICED = 'Running servers know it within five seconds.'

async function setDisabled(id: string, disabled: boolean, options: ServiceOptions): Promise<void> {
  await onService(options, async ({ store, together }) => {
    const record = await find(store, id)
    assertNotDeclared(record, options)
    const source = disabled ? record.source : 'command'
    const [step, detail] = disabled
      ? ['client-disable', 'shut out']
      : ['client-enable', 'let in again']
    await together(async (changing) => {
      await changing.clients.put({ ...record, source, disabled, updatedAt: systemClock.now() })
      await changed(changing, { step, clientId: id, detail })
    })
  })
  print(`Client ${id} is ${disabled ? 'disabled' : 'enabled'}. ${NOTICED}`)
}

async function find({ clients }: LastingStore, id: string): Promise<ClientRecord> {
  const record = await clients.get(id)
  if (record === undefined) throw new UsageError(`There is no client ${id}.`)
  return record
}

/** @throws UsageError for what the next start would set right again. */
function assertNotDeclared(record: ClientRecord | undefined, { config }: ServiceOptions): void {
  if (record?.source !== 'file' || record.disabled) return
  throw new UsageError(`Client ${record.clientId} is declared in ${config}; change it there.`)
}

function row({ clientId, metadata, source, disabled }: ClientRecord): readonly string[] {
  return [
    clientId,
    typeof metadata['client_name'] === 'string' ? metadata['client_name'] : '',
    source,
    disabled ? 'disabled' : 'enabled',
  ]
}

function readMetadata(file: string): Readonly<Record<string, unknown>> {
  const [source, name] = file === '-' ? [0, 'standard input'] : [file, file]
  const checked = clientSchema.safeParse(parseText(readFileSync(source, 'utf8'), name))
  if (checked.success) return checked.data
  throw new InvalidConfig(name, problemsOf(checked.error, clientSchema))
}
