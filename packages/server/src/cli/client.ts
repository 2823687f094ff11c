import { clientFromMetadata, type ClientRecord } from '@signet/engine'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { systemClock } from '../adapters/system.ts'
import { onService, print, table, UsageError, withService, type ServiceOptions } from './context.ts'

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
      const id = await onService(options, async ({ store, chosen }) => {
        const { id: clientId } = clientFromMetadata(metadata, chosen.service)
        const existing = await store.clients.get(clientId)
        if (existing?.source === 'file' && !existing.disabled) {
          throw new UsageError(
            `Client ${clientId} is declared in ${options.config}; change it there.`,
          )
        }
        await store.clients.put({
          clientId,
          metadata,
          source: 'command',
          disabled: false,
          updatedAt: systemClock.now(),
        })
        return clientId
      })
      print(`Client ${id} is registered. Running servers know it within five seconds.`)
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
      const record = await onService(options, ({ store }) => store.clients.get(id))
      if (record === undefined) throw new UsageError(`There is no client ${id}.`)
      print(JSON.stringify(record.metadata, undefined, 2))
    })
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
  const metadata: unknown = parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) {
    return { ...metadata }
  }
  throw new UsageError(`${file} does not hold client metadata.`)
}
