import {
  fixedClock,
  sampleClientRecord,
  sampleConsent,
  sampleGrant,
  sampleUser,
  SAMPLE_NOW,
} from '@signet/engine/testing'
import { applyMigrations, openPostgres } from '@signet/store/postgres'
import { startTestServer } from '@signet/store/postgres-testing'
import { openSqlite, type WholeStores } from '@signet/store/sqlite'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Export, ServiceExport } from './format.ts'
import { parseExport } from './parse.ts'
import { readService } from './read.ts'
import { ImportClash, takeOver } from './take-over.ts'
import { anyService } from './testing/arbitrary.ts'
import { textOf } from './write.ts'

const ISSUER = 'https://as.example'
const folder = mkdtempSync(join(tmpdir(), 'signet-transfer-'))
const options = { clock: fixedClock(), retention: 86_400 }
const sqlite = openSqlite(join(folder, 'signet.db'), options)
const server = await startTestServer({ fsync: false })
const url = await server.createDatabase()
await applyMigrations({ server: url }, SAMPLE_NOW)
const postgres = await openPostgres({ ...options, server: url, connections: 2 })

after(async () => {
  sqlite.close()
  await postgres.close()
  await server.dispose()
  rmSync(folder, { recursive: true, force: true })
})

/** Every store of a test is one that nobody has used. */
let issuers = 0
const unused = (): string => `${ISSUER}/${(issuers += 1)}`

async function carry(
  service: ServiceExport,
  to: WholeStores,
  replace = false,
): ReturnType<typeof takeOver> {
  return to.transaction([service.issuer], ([store]) =>
    takeOver(service, store ?? assert.fail(), { replace }),
  )
}

async function exported(issuer: string, from: WholeStores): Promise<string> {
  return from.snapshot([issuer], async ([store]) => {
    assert.ok(store)
    return written(await readService(issuer, store, { withKeys: true }))
  })
}

function written(service: ServiceExport): string {
  const all: Export = { format: 'signet-export', version: 1, services: [service] }
  return [...textOf(all)].join('')
}

function parsed(text: string): ServiceExport {
  const [service] = parseExport(text, 'export.json').services
  assert.ok(service)
  return service
}

const STORES = { SQLite: sqlite, PostgreSQL: postgres }
for (const [from, first] of Object.entries(STORES)) {
  for (const [to, second] of Object.entries(STORES)) {
    test(`whatever is carried from ${from} to ${to} is the same bytes there`, async () => {
      const property = fc.asyncProperty(anyService, async (random) => {
        const issuer = unused()
        await carry({ ...random, issuer }, first)
        const text = await exported(issuer, first)
        const arrived = parsed(text)
        assert.equal(arrived.grants.length, random.grants.length)
        assert.equal(arrived.statusLists.revoked.length, random.statusLists.revoked.length)
        // Another issuer is another store, and the text knows it.
        const there = unused()
        await carry({ ...arrived, issuer: there }, second)
        assert.equal(await exported(there, second), text.replace(issuer, there))
      })
      await fc.assert(property, { numRuns: 25 })
    })
  }
}

test('an export is canonical JSON, a row on each line', async () => {
  const service = sample()
  await carry(service, sqlite)
  const text = await exported(service.issuer, sqlite)
  assert.equal(text.split('\n').filter((line) => line.startsWith('{"authorization"')).length, 1)
  const shuffled = JSON.parse(text, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toReversed())
      : value,
  )
  assert.equal(written(parsed(JSON.stringify(shuffled))), text)
})

test('what was imported can be imported again, and changes nothing', async () => {
  const service = sample()
  await carry(service, sqlite)
  const text = await exported(service.issuer, sqlite)
  await carry(parsed(text), sqlite)
  assert.equal(await exported(service.issuer, sqlite), text)
})

test('what is in the way is named, and nothing is imported', async () => {
  for (const store of [sqlite, postgres]) {
    const service = sample()
    await carry(service, store)
    const before = await exported(service.issuer, store)
    const others: readonly (readonly [Partial<ServiceExport>, RegExp])[] = [
      [{ clients: [sampleClientRecord({ disabled: true })] }, /^clients "app" is another one/],
      [{ grants: [sampleGrant({ expiresAt: SAMPLE_NOW })] }, /^grants "gr_\w+" is another one/],
      [{ consents: [sampleConsent({ scopes: [] })] }, /^consents ".*" is another one/],
      [{ users: [sampleUser({ disabled: true })] }, /^users "\w+" is another one/],
      [{ users: [sampleUser({ subject: 'x' })] }, /^user "alice" has another subject there$/],
      [{ statusLists: { ...service.statusLists, taken: 5 } }, /given on both sides/],
    ]
    for (const [change, expected] of others) {
      const extra = sampleGrant({ id: 'new' })
      const changed = { ...service, ...change }
      const clashing = { ...changed, grants: [...changed.grants, extra] }
      await assert.rejects(
        carry(clashing, store),
        (error) => error instanceof ImportClash && expected.test(error.clashes.join('\n')),
      )
      assert.equal(await exported(service.issuer, store), before)
    }
  }
})

test('what is in the way gives way when it is told to, but for the name of another user', async () => {
  const service = sample()
  await carry(service, sqlite)
  const other = {
    ...service,
    clients: [sampleClientRecord({ metadata: { client_id: 'app' }, disabled: true })],
    statusLists: { taken: 5, published: [], revoked: [] },
  }
  await carry(other, sqlite, true)
  const arrived = parsed(await exported(service.issuer, sqlite))
  assert.deepEqual(arrived.clients, other.clients)
  assert.deepEqual(arrived.grants, service.grants)
  assert.deepEqual(arrived.statusLists, service.statusLists)
  const impostor = { ...service, users: [sampleUser({ subject: 'x' })] }
  await assert.rejects(carry(impostor, sqlite, true), ImportClash)
})

test('BCP-16 who gets another password, or is disabled, is to be shut out, and nobody else', async () => {
  const users = ['same', 'renewed', 'disabled', 'told', 'gone before', 'let in'].map((subject) =>
    sampleUser({
      subject,
      username: subject,
      passwordHash: HASH,
      disabled: ['gone before', 'let in'].includes(subject),
    }),
  )
  const other = HASH.replace('t=2', 't=3')
  const changes: Readonly<Record<string, Partial<ServiceExport['users'][number]>>> = {
    renewed: { passwordHash: other },
    disabled: { disabled: true },
    told: { claims: { name: 'Another' } },
    'let in': { disabled: false },
  }
  const service = { ...sample(), users }
  await carry(service, sqlite)
  const changed = users.map((user) => ({ ...user, ...changes[user.subject] }))
  const added = sampleUser({ subject: 'new', username: 'new', passwordHash: HASH, disabled: true })
  const lockedOut = await carry({ ...service, users: [...changed, added] }, sqlite, true)
  assert.deepEqual(
    lockedOut.map(({ subject }) => subject),
    ['renewed', 'disabled'],
  )
})

test('REV-03 what was revoked where it comes to stays revoked, and the later end counts', async () => {
  const service = sample()
  const store = sqlite.store(service.issuer)
  await store.revocations.add('there', SAMPLE_NOW + 10)
  await store.revocations.add('revoked', SAMPLE_NOW + 10_000)
  await carry(service, sqlite)
  const { revocations } = parsed(await exported(service.issuer, sqlite))
  assert.deepEqual(revocations, [
    { id: 'revoked', until: SAMPLE_NOW + 10_000 },
    { id: 'there', until: SAMPLE_NOW + 10 },
  ])
})

function sample(): ServiceExport {
  return {
    issuer: unused(),
    clients: [sampleClientRecord({ metadata: { client_id: 'app' } })],
    users: [sampleUser({ passwordHash: HASH })],
    consents: [sampleConsent()],
    grants: [sampleGrant()],
    revocations: [{ id: 'revoked', until: SAMPLE_NOW + 60 }],
    statusLists: {
      taken: 1_024,
      published: [{ list: 0, until: SAMPLE_NOW + 60 }],
      revoked: [{ list: 0, index: 7, until: SAMPLE_NOW + 60 }],
    },
    keys: [],
  }
}
const HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
