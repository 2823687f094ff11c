import type { AuditEvent } from '@signet/engine'
import type { Command } from 'commander'
import {
  onService,
  print,
  shown,
  timeOf,
  UsageError,
  withService,
  type ServiceOptions,
} from './context.ts'

export function addExplain(program: Command): void {
  withService(
    program
      .command('explain')
      .description('say why a request was refused: all that is known about one event')
      .argument('<event id>', 'from error_uri of the answer, from the page, or from the log'),
  )
    .option('--json', 'as JSON')
    .action(async (id: string, options: ServiceOptions & { readonly json?: boolean }) => {
      const named = eventOf(id)
      const event = await onService({ ...named.service, ...options }, ({ store }) =>
        store.audit.find(named.id),
      )
      if (event === undefined) {
        throw new UsageError(
          `There is no event ${named.id}, or no longer; audit.retention says how long events are kept.`,
        )
      }
      print(options.json === true ? JSON.stringify(event, undefined, 2) : explanation(event))
    })
}

/** Takes an `error_uri`, which tells the issuer too, as well as the id at its end. */
function eventOf(given: string): {
  readonly id: string
  readonly service?: { readonly issuer: string }
} {
  const [, issuer, id] = /^(https:.+)\/errors\/([^/]+)$/.exec(given) ?? []
  return issuer === undefined || id === undefined ? { id: given } : { id, service: { issuer } }
}

/** An event in plain words. */
export function explanation(event: AuditEvent): string {
  const { id, at, kind, step, clientId, subject, refusal, evidence, by, detail } = event
  const lines: readonly (readonly [label: string, text: string | undefined])[] = [
    ['Event', id],
    ['When', `${timeOf(at)} (the clock of this server)`],
    ['What', `${kind} at ${step}`],
    ['Client', clientId],
    ['User', subject],
    ['By', by],
    ['Change', detail],
    ['Answer', refusal && `${refusal.error}: ${refusal.description}`],
    ['Rule', evidence && `${evidence.id} (docs/requirements.md), reason ${evidence.reason}`],
    ['Expected', evidence?.expected],
    ['Received', evidence?.received],
    ['Remedy', evidence?.remedy],
  ]
  return lines
    .filter(([, text]) => text !== undefined)
    .map(([label, text]) => `${label.padEnd(9)} ${shown(text ?? '')}`)
    .join('\n')
}
