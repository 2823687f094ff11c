import { sampleSession, sampleUser } from '@signet/engine/testing'
import { applyMigrations } from '@signet/store/postgres'
import { startTestServer } from '@signet/store/postgres-testing'
import { Command } from 'commander'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { ensureKeys } from '../adapters/key-records.ts'
import { sealedKeys } from '../adapters/sealed-keys.ts'
import { openDurable } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import type { Config } from '../config/config.ts'
import { client, createFolder, LEAST } from '../config/testing/folder.ts'
import { addClient } from './client.ts'
import { addKeys } from './keys.ts'
import { addUser } from './user.ts'

const { load, path, write } = createFolder()
const server = await startTestServer({ fsync: false })
after(() => server.dispose())

/** A place of a store, and somebody who does there what the store would not. */
interface Place {
  readonly store: object
  readonly execute: (sql: string) => unknown
  readonly breaks: string
  readonly mends: string
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  SQLite: async () => {
    const file = `${path}/together.db`
    return {
      store: { sqlite: file },
      execute: (sql) => {
        const database = new DatabaseSync(file)
        database.exec(sql)
        database.close()
      },
      breaks: `CREATE TRIGGER full BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'full'); END`,
      mends: 'DROP TRIGGER full',
    }
  },
  PostgreSQL: async () => {
    const url = await server.createDatabase()
    await applyMigrations({ server: url }, 0)
    return {
      store: { postgres: url },
      execute: (sql) => server.execute(url, sql),
      breaks: 'ALTER TABLE signet.audit_records ADD CONSTRAINT full_up CHECK (false) NOT VALID',
      mends: 'ALTER TABLE signet.audit_records DROP CONSTRAINT full_up',
    }
  },
}

const COMMANDS = [
  `client add ${write('client.json', JSON.stringify(client()))}`,
  'client disable app',
  'client enable app',
  'user disable alice',
  'user enable alice',
  'keys rotate --algorithm ES256',
]

for (const [name, placeOf] of Object.entries(PLACES)) {
  test(`${name}: what a command changes is kept together with its record, or not at all`, async () => {
    const { store, execute, breaks, mends } = await placeOf()
    const key = write('master.key', Buffer.alloc(32, 7).toString('base64url'))
    const config = load({ ...LEAST, store, master_key: key })
    await fill(config)
    for (const command of COMMANDS) {
      const before = await stateOf(config)
      await execute(breaks)
      await assert.rejects(run(command), command)
      await execute(mends)
      assert.deepEqual(await stateOf(config), before, command)
      await run(command)
      const { rows, records } = await stateOf(config)
      assert.notDeepEqual(rows, before.rows, command)
      assert.equal(records, before.records + 1, command)
    }
  })
}

test('BCP-16 who is let in again finds nothing of before, though the command that shut out was killed half way', async () => {
  const config = load({ ...LEAST, store: { sqlite: `${path}/half.db` } })
  const stores = await openDurable(config, systemClock)
  const store = stores.store('https://as.example')
  const { subject } = sampleUser({ disabled: true })
  await store.users.put(sampleUser({ disabled: true }))
  const session = sampleSession({ subject, expiresAt: systemClock.now() + 600 })
  await store.sessions.put(session)
  await store.settled()
  await run('user enable alice')
  assert.equal((await store.users.bySubject(subject))?.disabled, false)
  assert.equal(await store.sessions.get(session.digest), undefined)
  await stores.close()
})

async function run(command: string): Promise<void> {
  const program = new Command().exitOverride()
  for (const add of [addClient, addKeys, addUser]) add(program)
  await program.parseAsync([...command.split(' '), '-c', `${path}/signet.yaml`], { from: 'user' })
}

async function fill(config: Config): Promise<void> {
  const { service } = config.services[0] ?? assert.fail()
  const stores = await openDurable(config, systemClock)
  const store = stores.store(service.issuer)
  const { masterKeys } = config
  const keys = sealedKeys(store.keys, { issuer: service.issuer, masterKeys })
  await ensureKeys({ service, store: { ...store, keys }, clock: systemClock })
  await store.users.put(sampleUser())
  await store.settled()
  await stores.close()
}

async function stateOf(config: Config): Promise<{ rows: unknown; records: number }> {
  const stores = await openDurable(config, systemClock)
  const { clients, users, keys, audit } = stores.store('https://as.example')
  const rows = [await clients.list(), await users.list(), await keys.list()]
  const { head } = await audit.chain('trusted')
  await stores.close()
  return { rows, records: head.sequence }
}
