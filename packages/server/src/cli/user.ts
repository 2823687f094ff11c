import { isCancel, password as askPassword } from '@clack/prompts'
import { shutOut, type Store, type User } from '@signet/engine'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { systemClock, systemRandom } from '../adapters/system.ts'
import { hashPassword } from '../login/password.ts'
import {
  onService,
  onWholeService,
  print,
  table,
  UsageError,
  withService,
  type ServiceContext,
  type ServiceOptions,
} from './context.ts'
import { changed } from './operator.ts'

interface AddOptions extends ServiceOptions {
  readonly claims?: string
  readonly passwordStdin?: boolean
}

const SHORTEST = 8

export function addUser(program: Command): void {
  const user = program.command('user').description('manage users')
  withService(user.command('add').argument('<username>'))
    .description(
      'add a user, or give one a new password, which ends sessions and tokens of the old one',
    )
    .option('--claims <json>', 'what is known of the user: {"name": …, "email": …}')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .action(add)
  withService(user.command('disable').argument('<username>'))
    .description('shut a user out: no login, and tokens given for the user end')
    .action((username: string, options: ServiceOptions) => setDisabled(username, true, options))
  withService(user.command('enable').argument('<username>'))
    .description('let a user in again')
    .action((username: string, options: ServiceOptions) => setDisabled(username, false, options))
  withService(user.command('list'))
    .description('list the users')
    .action(async (options: ServiceOptions) => {
      const users = await onService(options, ({ store }) => store.users.list())
      const rows = users.map(({ username, subject, source, disabled }) => [
        username,
        subject,
        source,
        disabled ? 'disabled' : 'enabled',
      ])
      print(table([['USER', 'SUBJECT', 'FROM', 'STATE'], ...rows]))
    })
  user
    .command('hash')
    .description('print the password_hash of a password, for the configuration file')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .action(async (options: { readonly passwordStdin?: boolean }) =>
      print(await hashPassword(await readPassword(options.passwordStdin))),
    )
}

async function add(username: string, options: AddOptions): Promise<void> {
  const claims = parseClaims(options.claims)
  const passwordHash = await hashPassword(await readPassword(options.passwordStdin))
  const put = async (context: ServiceContext<Store>): Promise<string> => {
    const { store, chosen, together } = context
    const existing = await store.users.byUsername(username)
    assertNotDeclared(existing, options)
    const user = {
      subject: existing?.subject ?? systemRandom.token(128),
      username,
      passwordHash,
      claims: claims ?? existing?.claims ?? {},
      source: 'command' as const,
      disabled: false,
    }
    const detail =
      existing === undefined ? 'added' : 'given a new password, which ends sessions and grants'
    await together(async (changing) => {
      await changing.users.put(user)
      await changed(changing, { step: 'user-add', subject: user.subject, detail })
    })
    if (existing !== undefined) await endAll(user, store, chosen)
    return user.subject
  }
  const subject = await onWholeService(options, put, { mayMakeDatabase: true })
  print(`User ${username} can log in. Subject: ${subject}`)
}

async function setDisabled(
  username: string,
  disabled: boolean,
  options: ServiceOptions,
): Promise<void> {
  await onWholeService(options, async ({ store, chosen, together }) => {
    const user = await store.users.byUsername(username)
    if (user === undefined) throw new UsageError(`There is no user ${username}.`)
    assertNotDeclared(user, options)
    const source = disabled ? user.source : 'command'
    const [step, detail] = disabled
      ? ['user-disable', 'shut out, which ends sessions and grants']
      : ['user-enable', 'let in again']
    // A command that was killed may have shut the user out and ended nothing.
    if (!disabled && user.disabled) await endAll(user, store, chosen)
    await together(async (changing) => {
      await changing.users.put({ ...user, source, disabled })
      await changed(changing, { step, subject: user.subject, detail })
    })
    if (disabled) await endAll(user, store, chosen)
  })
  print(`User ${username} is ${disabled ? 'disabled' : 'enabled'}.`)
}

/** BCP-16: sessions and grants end with the password, or the user, they came from. */
function endAll(
  { subject }: User,
  store: Store,
  { service }: ServiceContext['chosen'],
): Promise<void> {
  return shutOut(subject, { store, service, clock: systemClock })
}

/** @throws UsageError for what the next start would set right again. */
function assertNotDeclared(user: User | undefined, { config }: ServiceOptions): void {
  if (user?.source !== 'file' || user.disabled) return
  throw new UsageError(`User ${user.username} is declared in ${config}; change it there.`)
}

function parseClaims(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (json === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(json)
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return { ...claims }
  } catch {
    // told below
  }
  throw new UsageError('--claims must be a JSON object.')
}

async function readPassword(fromStdin = false): Promise<string> {
  const given = fromStdin ? readFileSync(0, 'utf8').replace(/\r?\n$/, '') : await ask()
  if (given.length < SHORTEST)
    throw new UsageError(`A password has at least ${SHORTEST} characters.`)
  return given
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError('No terminal to ask on; use --password-stdin.')
  const given = await askPassword({ message: 'Password' })
  if (isCancel(given)) throw new UsageError('Nothing was changed.')
  return given
}
