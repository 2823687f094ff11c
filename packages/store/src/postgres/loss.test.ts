import { StoreUnavailable, UsernameTaken, type Store } from '@signet/engine'
import {
  fixedClock,
  sampleCode,
  sampleGrant,
  samplePushedRequest,
  sampleSession,
  sampleUser,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { openPostgres, type PostgresDatabase, type PostgresOptions } from './open-postgres.ts'
import { databaseOf, databaseWith, serverForTests } from './testing/databases.ts'
import { startProxy, type Proxy } from './testing/proxy.ts'

const ISSUER = 'https://as.example'
const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet')

interface Scene {
  /** Through the proxy. */
  readonly store: Store
  readonly proxy: Proxy
  /** The same rows, on a network that never fails. */
  readonly witness: Store
}

async function open(
  options: Pick<PostgresOptions, 'server' | 'connections'>,
): Promise<PostgresDatabase> {
  return openPostgres({
    clock: fixedClock(),
    retention: 86_400,
    connections: 2,
    connectTimeout: 0.3,
    answerTimeout: 0.3,
    ...options,
  })
}

/** Registers a test on a network that can be broken. */
function onNetwork(title: string, play: (scene: Scene) => Promise<void>): void {
  test(title, async () => {
    const url = await emptyDatabase()
    const proxy = await startProxy(server)
    const database = await open({ server: proxy.url(databaseOf(url)) })
    const direct = await open({ server: url })
    try {
      const scene = { store: database.store(ISSUER), proxy, witness: direct.store(ISSUER) }
      await scene.witness.codes.put(sampleCode())
      await scene.store.codes.peek(sampleCode().digest)
      await play(scene)
    } finally {
      proxy.weather = 'fair'
      await database.close()
      await direct.close()
      await proxy.close()
    }
  })
}

const MARKS = [
  { digest: 'proof', until: 1_900_000_000 },
  { digest: 'assertion', until: 1_900_000_000 },
]
const FLEETING = { burst: 1, refill: 60 }

/** Every verb of which somebody is the first, and what the next one is told when it was done. */
const ONCE: Readonly<
  Record<
    string,
    {
      readonly prepare: (store: Store) => Promise<unknown>
      readonly attempt: (store: Store) => Promise<unknown>
      readonly first: unknown
      readonly later: unknown
    }
  >
> = {
  'codes.redeem': {
    prepare: (store) => store.codes.put(sampleCode()),
    attempt: (store) => store.codes.redeem(sampleCode().digest),
    first: true,
    later: false,
  },
  'pushedRequests.claim': {
    prepare: (store) => store.pushedRequests.put(samplePushedRequest()),
    attempt: (store) => store.pushedRequests.claim(samplePushedRequest().digest),
    first: true,
    later: false,
  },
  'replay.first': {
    prepare: async () => undefined,
    attempt: (store) => store.replay.first(MARKS),
    first: undefined,
    later: MARKS[0],
  },
  'attempts.take': {
    prepare: async () => undefined,
    attempt: (store) => store.attempts.take('alice', FLEETING, 1_800_000_000),
    first: 0,
    later: 60,
  },
  'sessions.delete': {
    prepare: (store) => store.sessions.put(sampleSession()),
    attempt: (store) => store.sessions.delete(sampleSession().digest),
    first: sampleSession(),
    later: undefined,
  },
  'grants.replaceStatus': {
    prepare: (store) => store.grants.put(sampleGrant({ status: 7 })),
    attempt: (store) => store.grants.replaceStatus(sampleGrant().id, { from: 7, to: 8 }),
    first: 8,
    later: 8,
  },
  'statusLists.take': {
    prepare: async () => undefined,
    attempt: (store) => store.statusLists.take(3),
    first: 0,
    later: 3,
  },
}

for (const [verb, { prepare, attempt, first, later }] of Object.entries(ONCE)) {
  onNetwork(
    `${verb}: whose answer was lost says that it does not know, and is not done twice`,
    async (scene) => {
      const { store, proxy, witness } = scene
      await prepare(witness)
      proxy.weather = 'answers lost'
      const attempted = attempt(store)
      attempted.catch(() => undefined)
      await proxy.answerLost
      proxy.cut()
      await assert.rejects(attempted, StoreUnavailable)
      proxy.weather = 'fair'
      assert.deepEqual(await attempt(witness), later)
    },
  )

  onNetwork(
    `${verb}: that never arrived says that it does not know, and is still to be done`,
    async (scene) => {
      const { store, proxy, witness } = scene
      await prepare(witness)
      proxy.weather = 'questions lost'
      const attempted = attempt(store)
      attempted.catch(() => undefined)
      proxy.cut()
      await assert.rejects(attempted, StoreUnavailable)
      proxy.weather = 'fair'
      assert.deepEqual(await attempt(store), first)
      assert.deepEqual(await attempt(witness), later)
    },
  )
}

onNetwork(
  'a network that swallows everything is given up after a time, and comes back',
  async (scene) => {
    const { store, proxy } = scene
    proxy.weather = 'answers lost'
    await assert.rejects(store.codes.peek(sampleCode().digest), StoreUnavailable)
    await assert.rejects(store.codes.peek(sampleCode().digest), StoreUnavailable)
    proxy.weather = 'fair'
    assert.deepEqual(await store.codes.peek(sampleCode().digest), sampleCode())
  },
)

onNetwork(
  'a cut loses what is under way on all connections, and nothing after it',
  async (scene) => {
    const { store, proxy } = scene
    const asked = Array.from({ length: 20 }, () => store.codes.peek(sampleCode().digest))
    const answered = Promise.allSettled(asked)
    proxy.cut()
    for (const answer of await answered) {
      if (answer.status === 'rejected') assert.ok(answer.reason instanceof StoreUnavailable)
      else assert.deepEqual(answer.value, sampleCode())
    }
    assert.deepEqual(await store.codes.peek(sampleCode().digest), sampleCode())
  },
)

test('a mistake of one statement does not lose what others write on the same connection', async () => {
  const database = await open({ server: await emptyDatabase(), connections: 1 })
  const { users, codes } = database.store(ISSUER)
  await users.put(sampleUser())
  const taken = users.put(sampleUser({ subject: 'impostor' }))
  const kept = codes.put(sampleCode())
  await assert.rejects(taken, UsernameTaken)
  await kept
  assert.deepEqual(await codes.peek(sampleCode().digest), sampleCode())
  await database.close()
})

test('a server that forgot its plans is unavailable once on each connection, and not for ever', async () => {
  const url = await emptyDatabase()
  const database = await open({ server: url, connections: 1 })
  const { codes } = database.store(ISSUER)
  await codes.put(sampleCode())
  await codes.peek(sampleCode().digest)
  await server.execute(url, 'ALTER TABLE signet.codes ALTER COLUMN data TYPE varchar')
  await assert.rejects(codes.peek(sampleCode().digest), StoreUnavailable)
  assert.deepEqual(await codes.peek(sampleCode().digest), sampleCode())
  await server.execute(url, 'ALTER TABLE signet.codes ALTER COLUMN data TYPE text')
  await database.close()
})

test('a store that is closed lets end what is under way, and says of the rest that it is unavailable', async () => {
  const database = await open({ server: await emptyDatabase() })
  const { codes, replay } = database.store(ISSUER)
  await codes.put(sampleCode())
  const redeemed = codes.redeem(sampleCode().digest)
  // The statement leaves in the next microtask.
  await Promise.resolve().then(() => undefined)
  await database.close()
  assert.equal(await redeemed, true)
  await assert.rejects(codes.peek(sampleCode().digest), StoreUnavailable)
  await assert.rejects(replay.first(MARKS), StoreUnavailable)
  await assert.rejects(database.check(), StoreUnavailable)
})

test('what a server says of its rows reaches no log', async () => {
  const url = await emptyDatabase()
  const database = await open({ server: url })
  after(() => database.close())
  await server.execute(
    url,
    `ALTER TABLE signet.codes ADD CONSTRAINT none CHECK (data = 'none') NOT VALID`,
  )
  await assert.rejects(database.store(ISSUER).codes.put(sampleCode()), (error) => {
    assert.ok(error instanceof StoreUnavailable)
    const { cause } = error
    assert.ok(cause instanceof Error && cause.message.includes('check constraint'))
    assert.ok(!inspect(error, { depth: null, showHidden: true }).includes(sampleCode().digest))
    return true
  })
})
