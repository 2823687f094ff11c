import type { LogoutNotice } from '@signet/engine'
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { LogoutDelivery, type DeliveryResult } from './logout-delivery.ts'
import { FetchFailed, type Post } from './outgoing.ts'

const TOKEN = 'eyJ0eXAiOiJsb2dvdXQrand0In0.e30.sig'

const notice = (name = 'app'): LogoutNotice => ({
  clientId: name,
  subject: 'alice',
  uri: `https://${name}.example/bcl?key=secret`,
  logoutToken: TOKEN,
})

/** A delivery that posts as told; its failures are kept by client. */
function delivering(post: Post): {
  readonly delivery: LogoutDelivery
  readonly results: DeliveryResult[]
  readonly clock: ReturnType<typeof fixedClock>
  readonly failures: () => Promise<readonly string[]>
  readonly record: (id: number) => ReturnType<ReturnType<typeof createMemoryStore>['audit']['find']>
} {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const results: DeliveryResult[] = []
  let ids = 0
  const delivery = new LogoutDelivery({
    post,
    store,
    clock,
    random: { token: () => String((ids += 1)) },
    log: pino({ level: 'silent' }),
    ended: (result) => void results.push(result),
    pauses: [1, 1],
  })
  const record = (id: number): ReturnType<typeof store.audit.find> => store.audit.find(String(id))
  const failures = async (): Promise<readonly string[]> => {
    const found = await Promise.all(Array.from({ length: ids }, (_, index) => record(index + 1)))
    return found.map((event) => event?.clientId ?? '')
  }
  return { delivery, results, clock, failures, record }
}

/** Resolves when it has been called so often. */
function counted(limit: number, post: Post): { readonly post: Post; readonly done: Promise<void> } {
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let calls = 0
  return {
    done,
    post: async (uri, form) => {
      calls += 1
      if (calls === limit) resolve()
      await post(uri, form)
    },
  }
}

const fails =
  (failure: FetchFailed): Post =>
  () =>
    Promise.reject(failure)

test('LOG-10 a client that does not answer is tried three times, then that is on record without the token', async () => {
  const { post, done } = counted(3, fails(new FetchFailed('timeout', 'no complete answer in time')))
  const { delivery, results, record } = delivering(post)
  delivery.send(notice())
  await done
  await delivery.stop()
  assert.deepEqual(results, ['retried', 'retried', 'timeout'])
  const event = await record(1)
  assert.deepEqual(
    [event?.kind, event?.step, event?.clientId, event?.subject],
    ['failed', 'backchannel-logout', 'app', 'alice'],
  )
  assert.equal(event?.evidence?.id, 'LOG-10')
  assert.equal(event.evidence.received, 'timeout: no complete answer in time')
  assert.doesNotMatch(JSON.stringify(event), /secret|eyJ/)
})

for (const [title, failure] of Object.entries({
  'may not be reached': new FetchFailed('private_address', '10.0.0.1 is not a public address'),
  'does not take the token': new FetchFailed('status', 'the answer was 400, not 200', 400),
  'has moved': new FetchFailed('status', 'the answer was 302, not 200', 302),
})) {
  test(`LOG-10 a client that ${title} is not tried again`, async () => {
    const { delivery, results, failures } = delivering(fails(failure))
    delivery.send(notice())
    await delivery.stop()
    assert.deepEqual(results, [failure.reason])
    assert.deepEqual(await failures(), ['app'])
  })
}

test('LOG-10 a client that was busy is told by the second attempt', async () => {
  let busy = true
  const { post, done } = counted(2, async () => {
    if (!busy) return
    busy = false
    throw new FetchFailed('status', 'the answer was 503, not 200', 503)
  })
  const { delivery, results, failures } = delivering(post)
  delivery.send(notice())
  await done
  await delivery.stop()
  assert.deepEqual(results, ['retried', 'delivered'])
  assert.deepEqual(await failures(), [])
})

test('LOG-10 clients are told in parallel, and one that hangs holds up nobody', async () => {
  const told: string[] = []
  const { promise: hanging, resolve: release } = Promise.withResolvers<void>()
  const { promise: others, resolve: allTold } = Promise.withResolvers<void>()
  const { delivery, results } = delivering(async (uri, form) => {
    assert.deepEqual(form, { logout_token: TOKEN })
    if (uri.includes('slow')) return hanging
    told.push(uri)
    if (told.length === 3) allTold()
  })
  delivery.send(notice('slow'))
  for (const name of ['a', 'b', 'c']) delivery.send(notice(name))
  await others
  assert.deepEqual(results, ['delivered', 'delivered', 'delivered'])
  release()
  await delivery.stop()
  assert.equal(results.length, 4)
})

test('LOG-10 what waits is bounded: more is dropped, and on record', async () => {
  const { promise: hanging, resolve: release } = Promise.withResolvers<void>()
  const { delivery, results, failures } = delivering(() => hanging)
  for (let count = 0; count < 1_016; count += 1) delivery.send(notice(`app ${count % 5}`))
  assert.deepEqual(results, [])
  delivery.send(notice('one too many'))
  assert.deepEqual(results, ['dropped'])
  release()
  await delivery.stop()
  assert.deepEqual(await failures().then((names) => names[0]), 'one too many')
})

test('LOG-10 a client that does not answer takes a quarter of the places, and the others get theirs', async () => {
  const { promise: hanging, resolve: release } = Promise.withResolvers<void>()
  const { delivery, results, failures } = delivering((uri) =>
    uri.includes('hanging') ? hanging : Promise.resolve(),
  )
  for (let count = 0; count < 16 + 250; count += 1) delivery.send(notice('hanging'))
  assert.deepEqual(results, [])
  delivery.send(notice('hanging'))
  delivery.send(notice('well'))
  assert.deepEqual(results, ['dropped'])
  assert.deepEqual(await failures(), ['hanging'])
  release()
  await delivery.stop()
})

test('a token that would expire on the way is not sent', async () => {
  const { promise: hanging, resolve: release } = Promise.withResolvers<void>()
  let posts = 0
  const { delivery, results, clock } = delivering(() => {
    posts += 1
    return hanging
  })
  for (let count = 0; count < 17; count += 1) delivery.send(notice())
  clock.advance(100)
  release()
  await hanging
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  await delivery.stop()
  assert.equal(posts, 16)
  assert.equal(results.filter((result) => result === 'expired').length, 1)
})

test('a server that is shut down says whom it could not tell', async () => {
  const { post, done } = counted(1, fails(new FetchFailed('network', 'ECONNREFUSED')))
  const { delivery, results, failures } = delivering(post)
  delivery.send(notice())
  await done
  await delivery.stop()
  delivery.send(notice('late'))
  await delivery.stop()
  assert.equal(results.at(-1), 'stopped')
  assert.deepEqual(await failures(), ['app', 'late'])
})

test('a failure that cannot be recorded brings nothing down', async () => {
  const clock = fixedClock()
  const store = createMemoryStore(clock)
  const audit = { ...store.audit, record: () => Promise.reject(new Error('the disk is full')) }
  const results: DeliveryResult[] = []
  const delivery = new LogoutDelivery({
    post: fails(new FetchFailed('not_https', 'not an https URL')),
    store: { ...store, audit },
    clock,
    random: { token: () => 'id' },
    log: pino({ level: 'silent' }),
    ended: (result) => void results.push(result),
  })
  delivery.send(notice())
  await delivery.stop()
  assert.deepEqual(results, ['not_https'])
})
