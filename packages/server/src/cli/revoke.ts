import { endGrants, endSessions, shutOut, type Store } from '@signet/engine'
import { Option, type Command } from 'commander'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../adapters/system.ts'
import {
  finishUnread,
  onWholeService,
  print,
  UsageError,
  withService,
  type ServiceContext,
  type ServiceOptions,
} from './context.ts'
import { changed } from './operator.ts'

interface Options extends ServiceOptions {
  readonly all?: true
  readonly client?: string
  readonly user?: string
  readonly yes?: true
}

export function addRevoke(program: Command): void {
  withService(program.command('revoke'))
    .description(
      'end sessions and grants, with all their tokens: whoever had them has to ask again, and nobody is shut out',
    )
    .addOption(
      new Option('--all', 'every session and every grant of everybody').conflicts([
        'client',
        'user',
      ]),
    )
    .addOption(new Option('--client <id>', 'every grant of this client').conflicts('user'))
    .option('--user <username>', 'every session and every grant of this user')
    .option('--yes', 'do it: nothing brings back what has ended')
    .action((options: Options) => onWholeService(options, (context) => revoke(options, context)))
}

/** Whose tokens end. */
interface Holder {
  readonly name: string
  readonly subject?: string
  readonly clientId?: string
}

/** @throws UsageError when there is none, or nobody was named. */
async function holderOf(
  { all, client, user }: Options,
  { store }: ServiceContext<Store>,
): Promise<Holder> {
  if (all) return { name: 'everybody' }
  if (client !== undefined) {
    if ((await store.clients.get(client)) !== undefined)
      return { name: `client ${client}`, clientId: client }
    throw new UsageError(`There is no client ${client}.`)
  }
  if (user === undefined) throw new UsageError('Which of them: --all, --client or --user?')
  const found = await store.users.byUsername(user)
  if (found !== undefined) return { name: `user ${user}`, subject: found.subject }
  throw new UsageError(`There is no user ${user}.`)
}

async function revoke(options: Options, context: ServiceContext<Store>): Promise<void> {
  const { store, chosen } = context
  const { service } = chosen
  const holder = await holderOf(options, context)
  const { name, subject } = holder
  if (options.yes === undefined)
    throw new UsageError(`This ends for good what ${name} has at ${service.issuer}: add --yes.`)
  const ports = { store, service, clock: systemClock }
  if (subject === undefined) return endFormer(holder, ports)
  await shutOut(subject, ports)
  await changed(store, { step: 'revoke', subject, detail: 'sessions and grants ended' })
  print(`Ended what ${name} had at ${service.issuer}.`)
}

type Ports = Parameters<typeof endGrants>[1]

/** Seconds by which the clocks of the servers may differ. */
const CLOCKS = 5

/** Ends what is there, waits until no code can be redeemed that was given before, and ends what came of those. */
async function endFormer({ name, clientId }: Holder, ports: Ports): Promise<void> {
  const { store, service, clock } = ports
  finishUnread()
  const client = clientId === undefined ? {} : { clientId }
  const loggedInUntil = clock.now() + CLOCKS
  const tell = async (detail: string): Promise<void> => {
    await changed(store, { step: 'revoke', ...client, detail: `${name}: ${detail}` })
    await store.settled()
    print(`${service.issuer}: ${detail}.`)
  }
  if (clientId === undefined) await tell(`sessions ended: ${await endSessions(ports)}`)
  await tell(`grants ended: ${await endGrants(client, ports)}`)
  const wait = service.lifetimes.code + CLOCKS
  print(`Codes given before can still be redeemed: waiting ${wait} s, to end what they give.`)
  await pause(wait * 1_000)
  const late = await endGrants({ ...client, loggedInUntil }, ports)
  if (late > 0) await tell(`grants ended: ${late}`)
  print(`Nothing is left of what ${name} had before.`)
}
