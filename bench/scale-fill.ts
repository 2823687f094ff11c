import { digestOf, type Clock, type Store } from '@signet/engine'
import { generateSigningKey, type SigningKey } from '@signet/protocol'
import { randomBytes } from 'node:crypto'

/** How many grants a user has given. */
export const PER_SUBJECT = 20

/** Rows written together, in one commit of a SQLite file. */
const TOGETHER = 1000

/** One grant in so many is used: a prime, so that clients take their turns. */
const SOME = 97

/** A grant, and the client that holds its refresh token. */
export interface Member {
  readonly clientId: string
  readonly key: SigningKey
  readonly subject: string
  readonly grantId: string
  readonly refreshToken: string
}

export interface Counts {
  readonly clients: number
  readonly grants: number
}

/** Writes clients, users and grants, as flows would leave them. @returns some of the grants, of all clients */
export async function fill(store: Store, counts: Counts, clock: Clock): Promise<readonly Member[]> {
  const clients = Array.from({ length: counts.clients }, (_, index) => ({
    clientId: `client-${index}`,
    key: generateSigningKey('ES256'),
  }))
  const subjects = Array.from({ length: Math.ceil(counts.grants / PER_SUBJECT) }, () => token(16))
  await inBatches(clients, (client) => store.clients.put(recordOf(client, clock)), store)
  await inBatches(subjects, (subject) => store.users.put(userOf(subject)), store)
  const members = Array.from({ length: counts.grants }, (_, index): Member => {
    const client = clients[index % clients.length]
    const subject = subjects[index % subjects.length]
    if (client === undefined || subject === undefined) throw new Error('a grant of nobody')
    const grantId = token(16)
    return { ...client, subject, grantId, refreshToken: grantId + token(32) }
  })
  await inBatches(members, (member) => store.grants.put(grantOf(member, clock)), store)
  return members.filter((_, index) => index % SOME === 0)
}

async function inBatches<Row>(
  rows: readonly Row[],
  put: (row: Row) => Promise<void>,
  store: Store,
): Promise<void> {
  for (let from = 0; from < rows.length; from += TOGETHER) {
    await Promise.all(rows.slice(from, from + TOGETHER).map(put))
    await store.settled()
  }
}

type Put<Rows extends 'clients' | 'users' | 'grants'> = Parameters<Store[Rows]['put']>[0]

function recordOf(
  { clientId, key }: Pick<Member, 'clientId' | 'key'>,
  clock: Clock,
): Put<'clients'> {
  const metadata = {
    client_id: clientId,
    client_name: `The app ${clientId}`,
    redirect_uris: [`https://${clientId}.example/callback`],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile offline_access',
    jwks: { keys: [key.publicJwk] },
  }
  return { clientId, metadata, source: 'command', disabled: false, updatedAt: clock.now() }
}

/** Nobody logs in. */
function userOf(subject: string): Put<'users'> {
  const passwordHash = '$argon2id$v=19$m=65536,t=3,p=1$none$none'
  return {
    subject,
    username: subject,
    passwordHash,
    claims: {},
    source: 'command',
    disabled: false,
  }
}

function grantOf(
  { clientId, subject, grantId, refreshToken }: Member,
  clock: Clock,
): Put<'grants'> {
  return {
    id: grantId,
    authorization: {
      clientId,
      subject,
      scopes: ['openid', 'profile', 'offline_access'],
      resources: [],
      authTime: clock.now(),
      acr: 'urn:signet:acr:password',
      amr: ['pwd'],
      sid: token(16),
    },
    refreshToken: digestOf(refreshToken),
    createdAt: clock.now(),
    expiresAt: clock.now() + 2_592_000,
  }
}

function token(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
