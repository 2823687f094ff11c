import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt, verifySignature } from '@signet/protocol'
import { createStage, type Stage } from '../testing/index.ts'
import { publishStatusLists } from './status-list.ts'

const TTL = 5

/** A stage with the list 0, and how often the store was asked for it. */
async function staged(): Promise<{
  readonly stage: Stage
  readonly asked: () => number
  readonly list: ReturnType<typeof publishStatusLists>
}> {
  const stage = createStage({ statusList: { enabled: true, ttl: TTL } })
  const { store } = stage.ports
  let asked = 0
  await store.statusLists.keep(0, stage.clock.now() + 3_600)
  const statusLists = {
    ...store.statusLists,
    revoked: (list: number) => {
      asked += 1
      return store.statusLists.revoked(list)
    },
  }
  const ports = { ...stage.ports, store: { ...store, statusLists } }
  return { stage, asked: () => asked, list: publishStatusLists(ports) }
}

test('a list nobody names is not published, and not remembered', async () => {
  const { stage, asked, list } = await staged()
  for (const number of [1, 2 ** 31, -1, Number.NaN]) assert.equal(await list(number), undefined)
  assert.equal(asked(), 4)
  stage.clock.advance(3_600)
  assert.equal(await list(0), undefined)
})

test('a list is signed by the service, names itself, and says how long it may be kept', async () => {
  const { stage, list } = await staged()
  const jwt = decodeJwt((await list(0)) ?? '')
  const { ports, clock } = stage
  const [key] = ports.keys.published.filter(({ kid }) => kid === jwt.header.kid)
  assert.ok(key !== undefined && verifySignature(jwt, key))
  assert.equal(jwt.header.typ, 'statuslist+jwt')
  const { status_list: _, ...claims } = jwt.claims
  const iat = clock.now()
  assert.deepEqual(claims, {
    sub: `${ports.service.endpoints.statusLists}/0`,
    iat,
    exp: iat + 60,
    ttl: TTL,
  })
})

test('a thousand callers cost one question to the store and one signature', async () => {
  const { asked, list } = await staged()
  const lists = new Set(await Promise.all(Array.from({ length: 1_000 }, () => list(0))))
  assert.equal(lists.size, 1)
  assert.equal(asked(), 1)
})

test('REV-03 a revocation of any process is in the list a second later, and the store is asked no oftener', async () => {
  const { stage, asked, list } = await staged()
  const before = await list(0)
  await stage.ports.store.statusLists.revoke(0, 9, stage.clock.now() + 60)
  stage.clock.advance(0.9)
  assert.equal(await list(0), before)
  assert.equal(asked(), 1)
  stage.clock.advance(0.1)
  assert.notEqual(await list(0), before)
  assert.equal(asked(), 2)
})

test('a list is signed anew when others fetch it anew, and not before when nothing was revoked', async () => {
  const { stage, list } = await staged()
  const before = await list(0)
  stage.clock.advance(TTL - 1)
  assert.equal(await list(0), before)
  stage.clock.advance(1)
  const next = await list(0)
  assert.notEqual(next, before)
  assert.equal(decodeJwt(next ?? '').claims['iat'], stage.clock.now())
})

test('a clock that is set back does not stop a list', async () => {
  const { stage, list } = await staged()
  await list(0)
  stage.clock.advance(-600)
  await stage.ports.store.statusLists.revoke(0, 9, stage.clock.now() + 60)
  assert.equal(decodeJwt((await list(0)) ?? '').claims['iat'], stage.clock.now())
})

test('a list does not outlive a failure to read it', async () => {
  const { ports, clock } = createStage()
  await ports.store.statusLists.keep(0, clock.now() + 60)
  let failing = false
  const revoked: typeof ports.store.statusLists.revoked = (list) =>
    failing ? Promise.reject(new Error('gone')) : ports.store.statusLists.revoked(list)
  const statusLists = { ...ports.store.statusLists, revoked }
  const list = publishStatusLists({ ...ports, store: { ...ports.store, statusLists } })
  assert.ok(await list(0))
  failing = true
  clock.advance(1)
  await assert.rejects(list(0), /gone/)
  failing = false
  assert.ok(await list(0))
})
