import type { Consent, ConsentName, Page } from '@signet/engine'
import type { LastingStore } from '../adapters/stores.ts'
import type { ServiceExport } from './format.ts'
import { inOrder } from './rows.ts'

const LIMIT = 1_000

/** Everything of a service that is exported, each kind in the order of its names. */
export async function readService(
  issuer: string,
  store: LastingStore,
  { withKeys }: { readonly withKeys: boolean },
): Promise<ServiceExport> {
  const { clients, users, consents, grants, revocations, statusLists, keys } = store
  const none = { subject: '', clientId: '' }
  return {
    issuer,
    clients: inOrder('clients', await clients.list()),
    users: inOrder('users', await users.list()),
    consents: inOrder('consents', await allOf((page) => consents.list(page), none, nameOf)),
    grants: inOrder(
      'grants',
      await allOf(
        (page) => grants.list(page),
        '',
        ({ id }) => id,
      ),
    ),
    revocations: inOrder(
      'revocations',
      await allOf(
        (page) => revocations.list(page),
        '',
        ({ id }) => id,
      ),
    ),
    statusLists: await statusLists.state(),
    ...(withKeys && { keys: inOrder('keys', await keys.list()) }),
  }
}

function nameOf({ subject, clientId }: Consent): ConsentName {
  return { subject, clientId }
}

async function allOf<Row, Name>(
  list: (page: Page<Name>) => Promise<readonly Row[]>,
  first: Name,
  name: (row: Row) => Name,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after = first; ;) {
    const page = await list({ after, limit: LIMIT })
    const last = page.at(-1)
    if (last === undefined) return rows
    for (const row of page) rows.push(row)
    after = name(last)
  }
}
