import type { ClientRecord, Consent, Grant, KeyRecord, Revocation, User } from '@signet/engine'
import type { ServiceExport } from './format.ts'

/** The rows of a service by kind, by the names of their members in an export. */
export interface Rows {
  readonly clients: ClientRecord
  readonly users: User
  readonly consents: Consent
  readonly grants: Grant
  readonly revocations: Revocation
  readonly keys: KeyRecord
}

export type Kind = keyof Rows

/** What a row is found by. */
const NAMES: { readonly [Each in Kind]: (row: Rows[Each]) => string } = {
  clients: ({ clientId }) => clientId,
  users: ({ subject }) => subject,
  consents: ({ subject, clientId }) => JSON.stringify([subject, clientId]),
  grants: ({ id }) => id,
  revocations: ({ id }) => id,
  keys: ({ kid }) => kid,
}

export const KINDS: readonly Kind[] = [
  'clients',
  'users',
  'consents',
  'grants',
  'revocations',
  'keys',
]

export function nameOf<Each extends Kind>(kind: Each, row: Rows[Each]): string {
  return NAMES[kind](row)
}

/** The rows of a kind by their names. */
export function byName<Each extends Kind>(
  kind: Each,
  service: { readonly [Any in Each]?: readonly Rows[Any][] | undefined },
): ReadonlyMap<string, Rows[Each]> {
  return new Map((service[kind] ?? []).map((row) => [nameOf(kind, row), row]))
}

/** Rows in the order of their names: stores have orders of their own. */
export function inOrder<Each extends Kind>(
  kind: Each,
  rows: readonly Rows[Each][],
): readonly Rows[Each][] {
  const named = rows.map((row) => ({ row, name: nameOf(kind, row) }))
  return named.toSorted((one, other) => (one.name < other.name ? -1 : 1)).map(({ row }) => row)
}

/** How many rows of which kind, in words. */
export function countsOf(service: ServiceExport): string {
  return KINDS.flatMap((kind) => {
    const rows = service[kind]
    return rows === undefined ? [] : [`${kind} ${rows.length}`]
  }).join(', ')
}
