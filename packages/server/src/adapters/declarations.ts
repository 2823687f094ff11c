import {
  clientFromMetadata,
  shutOut,
  UsernameTaken,
  type ClientRecord,
  type Clock,
  type Random,
  type Source,
  type Store,
  type User,
} from '@signet/engine'
import { isDeepStrictEqual } from 'node:util'
import type { ServiceConfig } from '../config/config.ts'
import { parsePasswordHash } from '../login/password-hash.ts'
import { recordAdministered, type Administered } from './administered.ts'

/** A declaration of the file that cannot be carried out; the message says what to do. */
export class DeclarationClash extends Error {
  override readonly name = 'DeclarationClash'
}

export interface DeclarationPorts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes the store say what the file says: declared clients and users are there as declared, and those the file declared
 * before and no longer does are disabled. What was added by command is left alone, unless it was disabled and is declared.
 *
 * @throws DeclarationClash when the file declares what was added by command and is enabled.
 * @throws InvalidClient when a client does not respect the profile.
 */
export async function carryOut(config: ServiceConfig, ports: DeclarationPorts): Promise<void> {
  await carryOutClients(config, ports)
  await carryOutUsers(config, ports)
  await ports.store.settled()
}

async function carryOutClients(
  { service, clients }: ServiceConfig,
  ports: DeclarationPorts,
): Promise<void> {
  const { store, clock } = ports
  const written = { source: 'file', disabled: false, updatedAt: clock.now() } as const
  const declared = clients.map((metadata): ClientRecord => {
    const { id } = clientFromMetadata(metadata, service)
    return { clientId: id, metadata, ...written }
  })
  await carryOutRows(declared, {
    issuer: service.issuer,
    kept: await store.clients.list(),
    id: ({ clientId }) => clientId,
    same: (one, other) => isDeepStrictEqual({ ...one, updatedAt: 0 }, { ...other, updatedAt: 0 }),
    put: async (record) => {
      await store.clients.put({ ...record, updatedAt: clock.now() })
      await recordDeclared('client', record, ports)
    },
  })
}

/** Another process that starts may declare a user after we looked, with a subject of its own; then we look again. */
async function carryOutUsers(config: ServiceConfig, ports: DeclarationPorts): Promise<void> {
  for (let left = config.users.length; ; left -= 1) {
    try {
      await declareUsers(config, ports)
      return
    } catch (error) {
      if (!(error instanceof UsernameTaken) || left === 0) throw error
    }
  }
}

async function declareUsers(
  { service, users }: ServiceConfig,
  ports: DeclarationPorts,
): Promise<void> {
  const { store, random, clock } = ports
  const kept = await store.users.list()
  const subjects = new Map(kept.map(({ username, subject }) => [username, subject]))
  const known = new Map(kept.map((user) => [user.subject, user]))
  const declared = users.map(({ username, password_hash: passwordHash, claims = {} }): User => {
    parsePasswordHash(passwordHash)
    const subject = subjects.get(username) ?? random.token(128)
    return { subject, username, passwordHash, claims, source: 'file', disabled: false }
  })
  await carryOutRows(declared, {
    issuer: service.issuer,
    kept,
    id: ({ username }) => username,
    same: isDeepStrictEqual,
    put: async (user) => {
      const before = known.get(user.subject)
      // BCP-16: sessions and grants end with the password, or the user, they came from.
      if (before !== undefined && endsWhatWasThere(user, before)) {
        // Out until they have ended: when this process dies in between, the next start finds that something is left to do.
        await store.users.put({ ...user, disabled: true })
        await shutOut(user.subject, { store, service, clock })
      }
      if (!user.disabled) await store.users.put(user)
      await recordDeclared('user', user, ports)
    },
  })
}

function endsWhatWasThere(user: User, before: User): boolean {
  return user.disabled || before.disabled || user.passwordHash !== before.passwordHash
}

function recordDeclared(
  kind: 'client' | 'user',
  row: Row & Pick<Administered, 'clientId' | 'subject'>,
  ports: DeclarationPorts,
): Promise<void> {
  const { clientId, subject, disabled } = row
  const change = {
    step: disabled ? `${kind}-disable` : `${kind}-add`,
    ...(clientId !== undefined && { clientId }),
    ...(subject !== undefined && { subject }),
    by: 'the configuration file',
    detail: disabled ? 'no longer declared' : 'declared',
  }
  return recordAdministered(change, ports)
}

/** What clients and users have in common here. */
interface Row {
  readonly source: Source
  readonly disabled: boolean
}

interface Table<Kind extends Row> {
  readonly issuer: string
  readonly kept: readonly Kind[]
  readonly id: (row: Kind) => string
  readonly same: (one: Kind, other: Kind) => boolean
  readonly put: (row: Kind) => Promise<void>
}

async function carryOutRows<Kind extends Row>(
  rows: readonly Kind[],
  { issuer, kept, id, same, put }: Table<Kind>,
): Promise<void> {
  const declared = new Map(rows.map((row) => [id(row), row]))
  const before = new Map(kept.map((row) => [id(row), row]))
  const twice = rows.find((row) => declared.get(id(row)) !== row)
  if (twice !== undefined) throw declaredTwice(id(twice), issuer)
  const clash = kept.find(
    (row) => row.source === 'command' && !row.disabled && declared.has(id(row)),
  )
  if (clash !== undefined) throw addedByCommand(id(clash), issuer)

  const gone = kept.filter((row) => row.source === 'file' && !declared.has(id(row)))
  for (const row of gone) if (!row.disabled) await put({ ...row, disabled: true })
  for (const row of rows) {
    const known = before.get(id(row))
    if (known === undefined || !same(known, row)) await put(row)
  }
}

function declaredTwice(id: string, issuer: string): DeclarationClash {
  return new DeclarationClash(`${id} of ${issuer} is declared twice.`)
}

function addedByCommand(id: string, issuer: string): DeclarationClash {
  return new DeclarationClash(
    `${id} of ${issuer} was added by command, and the configuration file declares it too. ` +
      'Take it out of the file, or disable what was added (signet client disable, signet user disable).',
  )
}
