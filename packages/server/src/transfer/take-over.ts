import { canonicalJson, type StatusState, type User } from '@signet/engine'
import type { LastingStore } from '../adapters/stores.ts'
import type { ServiceExport } from './format.ts'
import { readService } from './read.ts'
import { byName, KINDS, nameOf, type Kind, type Rows } from './rows.ts'

/** What is in the way of an import. */
export class ImportClash extends Error {
  override readonly name = 'ImportClash'
  /** Each a line that names a row. */
  readonly clashes: readonly string[]

  constructor(clashes: readonly string[]) {
    super(`${clashes.length} rows are in the way`)
    this.clashes = clashes
  }
}

/**
 * Writes everything of an export to the store of its service. Rows that are the same are no clash, so that it can be done twice;
 * rows that the export does not know stay. What is revoked on either side stays revoked.
 *
 * @returns who was there, and has another password by it or is disabled: to be shut out as soon as it is kept
 * @throws ImportClash before anything is written, when other rows have the same names and are not to be replaced; whether or not
 * they are, when a username belongs to somebody else.
 */
export async function takeOver(
  service: ServiceExport,
  store: LastingStore,
  { replace }: { readonly replace: boolean },
): Promise<readonly User[]> {
  const present = await readService(service.issuer, store, { withKeys: true })
  const clashes = [
    ...strangers(service, present),
    ...(replace ? [] : KINDS.flatMap((kind) => changed(kind, service, present))),
    ...(replace ? [] : positions(service.statusLists, present.statusLists)),
  ]
  if (clashes.length > 0) throw new ImportClash(clashes)
  await writeRows(service, store)
  await writeStatuses(service.statusLists, present.statusLists.taken, store)
  return lockedOut(service, present)
}

/** BCP-16: sessions and grants end with the password, or the user, they came from. */
function lockedOut(service: ServiceExport, present: ServiceExport): readonly User[] {
  const before = byName('users', present)
  return service.users.filter(({ subject, passwordHash, disabled }) => {
    const there = before.get(subject)
    return (
      there !== undefined && (passwordHash !== there.passwordHash || (disabled && !there.disabled))
    )
  })
}

async function writeRows(service: ServiceExport, store: LastingStore): Promise<void> {
  for (const row of service.users) await store.users.put(row)
  for (const row of service.clients) await store.clients.put(row)
  for (const row of service.keys ?? []) await store.keys.put(row)
  for (const row of service.consents) await store.consents.put(row)
  for (const { id, until } of service.revocations) await store.revocations.add(id, until)
  for (const row of service.grants) await store.grants.put(row)
}

/** Positions that were given on either side are not given again. */
async function writeStatuses(
  state: StatusState,
  taken: number,
  store: LastingStore,
): Promise<void> {
  const { statusLists } = store
  if (state.taken > taken) await statusLists.take(state.taken - taken)
  for (const { list, until } of state.published) await statusLists.keep(list, until)
  for (const { list, index, until } of state.revoked) await statusLists.revoke(list, index, until)
}

/** Usernames that belong to others: to replace one would take a user away. */
function strangers(service: ServiceExport, present: ServiceExport): readonly string[] {
  const holders = new Map(present.users.map(({ username, subject }) => [username, subject]))
  return service.users
    .filter(({ username, subject }) => (holders.get(username) ?? subject) !== subject)
    .map(({ username }) => `user ${JSON.stringify(username)} has another subject there`)
}

function changed<Each extends Kind>(
  kind: Each,
  service: { readonly [Any in Each]?: readonly Rows[Any][] | undefined },
  present: { readonly [Any in Each]?: readonly Rows[Any][] | undefined },
): readonly string[] {
  // Of a revocation the later end counts.
  if (kind === 'revocations') return []
  const known = byName(kind, present)
  return (service[kind] ?? []).flatMap((row) => {
    const there = known.get(nameOf(kind, row))
    const same = there === undefined || canonicalJson(there) === canonicalJson(row)
    return same ? [] : [`${kind} ${JSON.stringify(nameOf(kind, row))} is another one there`]
  })
}

/** The same position, given on both sides to two grants: to revoke one would revoke the other. */
function positions({ taken }: StatusState, there: StatusState): readonly string[] {
  return there.taken === 0 || taken === 0 || there.taken === taken
    ? []
    : ['positions in the status lists were given on both sides']
}
