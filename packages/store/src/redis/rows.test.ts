import { fixedClock, sampleCode, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import { keptFor, Keys } from './keys.ts'
import { openRedis } from './open-redis.ts'
import { everyVerb } from './testing/every-verb.ts'
import { startRedis, type RedisServer } from './testing/server.ts'

let server: RedisServer
before(async () => {
  server = await startRedis()
})
beforeEach(() => server.command('FLUSHALL'))
after(() => server.stop())

async function keysThere(): Promise<readonly string[]> {
  const keys = await server.command('KEYS', '*')
  return Array.isArray(keys) ? keys.map(String).toSorted() : []
}

test('a row is kept longer than it counts, by as much as clocks may differ', () => {
  assert.equal(keptFor(SAMPLE_NOW + 60, SAMPLE_NOW), `${(60 + CLOCK_MARGIN) * 1_000}`)
  assert.equal(keptFor(SAMPLE_NOW + 0.25, SAMPLE_NOW), `${CLOCK_MARGIN * 1_000 + 250}`)
  assert.equal(keptFor(SAMPLE_NOW - 900, SAMPLE_NOW), `${CLOCK_MARGIN * 1_000}`)
  assert.ok(CLOCK_MARGIN >= 600)
})

test('no name can choose the slot of a service, nor be taken for another', () => {
  const names = ['a', 'b', '{b}', 'a}', '']
  const keys = names.flatMap((name) => [new Keys('service', name), new Keys('resource', name)])
  const tags = keys.map((each) =>
    /^signet:\{([\w-]{22})\}:mark:\{x\}$/.exec(each.of('mark', '{x}')),
  )
  assert.equal(new Set(tags.map((tag) => tag?.[1])).size, names.length * 2)
})

test('everything a service writes goes by itself, late enough', async () => {
  const clock = fixedClock()
  const redis = await openRedis({ url: server.url, clock, settling: 0.01 })
  const verbs = everyVerb(redis.ephemeral('https://as.example'))
  await verbs['attempts.take']?.()
  for (const verb of Object.values(verbs).slice(0, 5)) await verb()
  await verbs['codes.redeem']?.()
  const found = new Map<string, number>()
  for (const key of await keysThere()) {
    assert.match(key, /^signet:\{[\w-]{22}\}:/)
    found.set(key.split(':')[2] ?? '', Number(await server.command('PTTL', key)) / 1_000)
  }
  const code = sampleCode().keptUntil - SAMPLE_NOW + CLOCK_MARGIN
  const expected = new Map([
    ['attempts', 2 + CLOCK_MARGIN],
    ['code', code],
    ['codes of', code],
    ['interaction', 600 + CLOCK_MARGIN],
    ['mark', 60 + CLOCK_MARGIN],
    ['redeemed', code],
    ['request', 690 + CLOCK_MARGIN],
  ])
  assert.deepEqual([...found.keys()].toSorted(), [...expected.keys()])
  for (const [kind, seconds] of found) {
    const wanted = expected.get(kind) ?? 0
    assert.ok(seconds <= wanted && seconds > wanted - 5, `${kind} is kept for ${seconds} s`)
  }
  redis.close()
})

test('a day-long memory of the codes of a user does not grow with the days', async () => {
  const clock = fixedClock()
  const redis = await openRedis({ url: server.url, clock, settling: 0.01 })
  const { codes } = redis.ephemeral('https://as.example')
  for (let count = 0; count < 50; count += 1) {
    await codes.put(sampleCode({ digest: `${count}`, keptUntil: clock.now() + 86_400 }))
    clock.advance(21_600)
  }
  const [list] = (await keysThere()).filter((key) => key.includes(':codes of:'))
  assert.ok(Number(await server.command('ZCARD', list ?? '')) <= 5)
  const { subject } = sampleCode().authorization
  assert.ok((await codes.ofSubject(subject)).some(({ digest }) => digest === '49'))
  redis.close()
})

test('SP-AZ-09 a redeemed code that is put again for longer stays redeemed for longer', async () => {
  const redis = await openRedis({ url: server.url, clock: fixedClock(), settling: 0.01 })
  const { codes } = redis.ephemeral('https://as.example')
  await codes.put(sampleCode({ keptUntil: SAMPLE_NOW + 60 }))
  await codes.redeem(sampleCode().digest)
  await codes.put(sampleCode({ keptUntil: SAMPLE_NOW + 86_400 }))
  const [redeemed] = (await keysThere()).filter((key) => key.includes(':redeemed:'))
  assert.ok(Number(await server.command('PTTL', redeemed ?? '')) > 86_400_000)
  redis.close()
})

test('a code whose list outlived it is not listed', async () => {
  const redis = await openRedis({ url: server.url, clock: fixedClock(), settling: 0.01 })
  const { codes } = redis.ephemeral('https://as.example')
  const { subject } = sampleCode().authorization
  for (const digest of ['lost', 'kept']) await codes.put(sampleCode({ digest }))
  for (const key of (await keysThere()).filter((each) => each.endsWith(':lost'))) {
    await server.command('DEL', key)
  }
  assert.deepEqual(await codes.ofSubject(subject), [sampleCode({ digest: 'kept' })])
  redis.close()
})
