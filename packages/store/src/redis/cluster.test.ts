import { StoreUnavailable } from '@signet/engine'
import {
  fixedClock,
  sampleCode,
  samplePushedRequest,
  SAMPLE_NOW,
  storeContract,
} from '@signet/engine/testing'
import { sampleSession, sessionStoreContract } from '@signet/bff/testing'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openRedisSessions } from './bff-sessions.ts'
import { openRedisReplay } from './guard-replay.ts'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { startCluster, type RedisCluster } from './testing/cluster.ts'
import { everyVerb } from './testing/every-verb.ts'
import { sharingStores } from './testing/sharing-stores.ts'
import { until } from './testing/until.ts'

let cluster: RedisCluster
before(async () => {
  cluster = await startCluster()
})
after(async () => {
  await stores.close()
  await cluster.stop()
})

function open(): Promise<RedisDatabase> {
  return openRedis({ url: cluster.url, clock: fixedClock(), settling: 0.05, timeout: 0.5 })
}

async function flush(): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')))
}

/** Enough for each node to have some. */
const ISSUERS = Array.from({ length: 12 }, (_, index) => `https://as.example/${index}`)

test('every verb works on every node, for many services at once', async () => {
  await flush()
  const redis = await open()
  await Promise.all(
    ISSUERS.map(async (issuer) => {
      for (const verb of Object.values(everyVerb(redis.ephemeral(issuer)))) await verb()
    }),
  )
  await redis.check()
  for (const node of cluster.nodes) assert.ok(Number(await node.command('DBSIZE')) > 0)
  redis.close()
})

test('a user with a password is let in on every node', async () => {
  await flush()
  const categories = ['read', 'write', 'scripting', 'connection'].map((name) => `+@${name}`)
  const allowed = ['~signet:*', ...categories, '-@dangerous', '+info', '+cluster|slots']
  for (const node of cluster.nodes) {
    await node.command('ACL', 'SETUSER', 'signet', 'on', '>secret', ...allowed)
  }
  const url = cluster.url.replace('//', '//signet:secret@')
  const redis = await openRedis({ url, clock: fixedClock(), settling: 0.05 })
  await Promise.all(
    ISSUERS.map((issuer) => redis.ephemeral(issuer).codes.put(sampleCode({ digest: issuer }))),
  )
  await redis.check()
  redis.close()
})

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 of two processes one decides, and its decisions outlive a node that forgets', async () => {
  await flush()
  const [one, other] = await Promise.all([open(), open()])
  for (const issuer of ISSUERS) {
    const [first, second] = [one.ephemeral(issuer), other.ephemeral(issuer)]
    const marks = ['an assertion', 'a proof'].map((digest) => ({ digest, until: SAMPLE_NOW + 60 }))
    await first.codes.put(sampleCode())
    await first.pushedRequests.put(samplePushedRequest())
    const decided = await Promise.all(
      [first, second].map((store) =>
        Promise.all([
          store.replay.first(marks),
          store.codes.redeem(sampleCode().digest),
          store.pushedRequests.claim(samplePushedRequest().digest),
        ]),
      ),
    )
    assert.equal(decided.filter(([seen]) => seen === undefined).length, 1)
    assert.equal(decided.filter(([, redeemed]) => redeemed).length, 1)
    assert.equal(decided.filter(([, , claimed]) => claimed).length, 1)
  }
  const [node] = cluster.nodes
  await node?.kill()
  await node?.start()
  for (const issuer of ISSUERS) {
    const { replay, codes } = other.ephemeral(issuer)
    const mark = { digest: 'a proof', until: SAMPLE_NOW + 60 }
    assert.deepEqual(await until(() => replay.first([mark])), mark)
    assert.equal(await until(() => codes.redeem(sampleCode().digest)), false)
  }
  one.close()
  other.close()
})

test('while a node is away what it has is refused at once, and works again by itself', async () => {
  await flush()
  const redis = await open()
  const verbs = ISSUERS.map((issuer) => Object.values(everyVerb(redis.ephemeral(issuer))))
  for (const verb of verbs.flat()) await verb()
  const [, node] = cluster.nodes
  await node?.kill()
  await assert.rejects(redis.check(), StoreUnavailable)
  const start = performance.now()
  const asked = await Promise.allSettled(verbs.flat().map((verb) => verb()))
  assert.ok(performance.now() - start < 1_000)
  const failed = asked.filter(({ status }) => status === 'rejected')
  assert.ok(failed.length >= 13, `${failed.length} of ${asked.length} verbs failed`)
  for (const one of asked)
    assert.ok(one.status === 'fulfilled' || one.reason instanceof StoreUnavailable)
  await node?.start()
  for (const verb of verbs.flat()) await until(verb)
  await redis.check()
  redis.close()
})

test('each service waits for itself, because only what lies together can be decided together', async () => {
  const redis = await open()
  for (const issuer of ISSUERS) {
    const { replay } = redis.ephemeral(`${issuer}/new`)
    const start = performance.now()
    await replay.first([{ digest: 'one', until: SAMPLE_NOW + 60 }])
    assert.ok(performance.now() - start > 40)
  }
  redis.close()
})

test('what was refused because a node hung is not done when it is back', async () => {
  await flush()
  const redis = await open()
  const [, , node] = cluster.nodes
  node?.freeze()
  const put = (issuer: string): Promise<void> =>
    redis.ephemeral(issuer).pushedRequests.put(samplePushedRequest())
  const asked = await Promise.allSettled(ISSUERS.map(put))
  node?.thaw()
  const refused = ISSUERS.filter((_, index) => asked[index]?.status === 'rejected')
  assert.ok(refused.length > 0)
  for (const issuer of refused) {
    const { pushedRequests } = redis.ephemeral(issuer)
    const peek = (): Promise<unknown> => pushedRequests.peek(samplePushedRequest().digest)
    assert.equal(await until(peek), undefined)
  }
  redis.close()
})

test('a service whose slot moves to another node goes there too', async () => {
  await flush()
  const redis = await open()
  const { codes, replay } = redis.ephemeral(ISSUERS[0] ?? '')
  await codes.put(sampleCode())
  const mark = { digest: 'a proof', until: SAMPLE_NOW + 60 }
  await replay.first([mark])
  await moveEverySlotWithKeys()
  assert.deepEqual(await until(() => replay.first([mark])), mark)
  assert.equal(await until(() => codes.redeem(sampleCode().digest)), true)
  assert.equal(await codes.redeem(sampleCode().digest), false)
  redis.close()
})

/** Gives each slot that has keys to the next node, as resharding does. */
async function moveEverySlotWithKeys(): Promise<void> {
  const ids = await Promise.all(cluster.nodes.map((node) => node.command('CLUSTER', 'MYID')))
  for (const [index, source] of cluster.nodes.entries()) {
    const at = (index + 1) % cluster.nodes.length
    const [target, from, to] = [cluster.nodes[at], String(ids[index]), String(ids[at])]
    if (target === undefined) continue
    const keys = await source.command('KEYS', 'signet:*')
    const own = Array.isArray(keys) ? keys.map(String) : []
    const slots = new Set(
      await Promise.all(own.map((key) => source.command('CLUSTER', 'KEYSLOT', key))),
    )
    for (const slot of [...slots].map(String)) {
      await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
      await source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
      const found = await source.command('CLUSTER', 'GETKEYSINSLOT', slot, '1000')
      const words = ['MIGRATE', '127.0.0.1', `${target.port}`, '', '0', '5000', 'KEYS']
      await source.command(...words, ...(Array.isArray(found) ? found.map(String) : []))
      for (const node of [target, source])
        await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to)
    }
    return
  }
}

test('DPOP-PRF-15 guards remember together', async () => {
  const guards = await Promise.all(
    [1, 2].map(() =>
      openRedisReplay({ url: cluster.url, resource: 'https://api.example', settling: 0.05 }),
    ),
  )
  const mark = { digest: 'proof', until: Date.now() / 1_000 + 60 }
  const answers = await Promise.all(guards.map((guard) => guard.first([mark])))
  assert.equal(answers.filter((answer) => answer === undefined).length, 1)
  for (const guard of guards) guard.close()
})

test('the sessions of several BFFs find their nodes', async () => {
  await flush()
  const names = Array.from({ length: 9 }, (_, index) => `bff ${index}`)
  for (const name of names) {
    const sessions = await openRedisSessions({ url: cluster.url, name })
    await sessions.create(sampleSession())
    assert.deepEqual(await sessions.ofSubject('https://as.example', 'alice'), [sampleSession()])
    await sessions.check()
    sessions.close()
  }
})

sessionStoreContract('a Redis cluster', async () => {
  await flush()
  const options = { url: cluster.url, name: 'bank', now: () => 1_800_000_000 }
  const [one, other] = await Promise.all([openRedisSessions(options), openRedisSessions(options)])
  return {
    one,
    other,
    sweepsSessionsOnly: true,
    close: () => {
      one.close()
      other.close()
    },
  }
})

const stores = sharingStores((clock) => openRedis({ url: cluster.url, clock, settling: 0.01 }))

storeContract('a Redis cluster and memory', (clock, limits) => stores.open(clock, limits))
