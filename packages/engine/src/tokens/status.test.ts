import assert from 'node:assert/strict'
import { inflateSync } from 'node:zlib'
import { test } from 'node:test'
import { createEngine } from '../create-engine.ts'
import { token } from '../flow/token.ts'
import type { Ports } from '../ports.ts'
import { StoreUnavailable } from '../store/store.ts'
import { APP, createStage, type Stage } from '../testing/index.ts'
import { issueAccessToken } from './issue.ts'
import { revoke } from './revoke.ts'
import { STATUS_LIST_SIZE, takePosition } from './status-positions.ts'
import { moveGrant, revokeGrant } from './status.ts'
import { claimsOf, granted, putCode, redemption, refuses, tokenRequest } from './testing/granted.ts'

interface Place {
  readonly idx: number
  readonly uri: string
}

function placeOf(accessToken: string): Place {
  const { status } = claimsOf(accessToken)
  assert.ok(typeof status === 'object' && status !== null && 'status_list' in status, 'no status')
  const { status_list: place } = status
  assert.ok(typeof place === 'object' && place !== null && 'idx' in place && 'uri' in place)
  return { idx: Number(place.idx), uri: String(place.uri) }
}

/** What whoever fetches the list finds at the place of a token. */
async function statusOf(stage: Stage, accessToken: string): Promise<number | undefined> {
  stage.clock.advance(1)
  const { idx, uri } = placeOf(accessToken)
  const list = await createEngine(stage.ports).statusList(Number(/\d+$/.exec(uri)?.[0]))
  const { sub, status_list: packed } = claimsOf(list)
  assert.equal(sub, uri)
  assert.ok(typeof packed === 'object' && packed !== null && 'lst' in packed)
  const bytes = inflateSync(Buffer.from(String(packed.lst), 'base64url'))
  return ((bytes[idx >> 3] ?? 0) >> (idx & 7)) & 1
}

async function refreshed(stage: Stage, refresh_token: string): Promise<string> {
  const request = tokenRequest(stage, stage.app, { grant_type: 'refresh_token', refresh_token })
  return (await token(request, stage.ports)).response.access_token
}

async function ofClient(stage: Stage): Promise<string> {
  const request = tokenRequest(stage, stage.app, { grant_type: 'client_credentials' })
  return (await token(request, stage.ports)).response.access_token
}

const revoking = (stage: Stage, revoked: string): ReturnType<typeof revoke> =>
  revoke(stage.app.request({ token: revoked }), stage.ports)

test('REV-03 a revoked refresh token ends every access token of its grant in the list', async () => {
  const stage = createStage()
  const { access_token: first, refresh_token = '' } = await granted(stage)
  const second = await refreshed(stage, refresh_token)
  assert.deepEqual(placeOf(second), placeOf(first))
  assert.equal(await statusOf(stage, first), 0)
  await revoking(stage, refresh_token)
  assert.equal(await statusOf(stage, first), 1)
})

test('REV-03 a revoked access token is in the list, and the next one of its grant is not', async () => {
  const stage = createStage()
  const { access_token: first, refresh_token = '' } = await granted(stage)
  await revoking(stage, first)
  const next = await refreshed(stage, refresh_token)
  assert.notDeepEqual(placeOf(next), placeOf(first))
  assert.equal(await statusOf(stage, first), 1)
  assert.equal(await statusOf(stage, next), 0)
  await revoking(stage, first)
  assert.equal(await statusOf(stage, next), 0)
  assert.deepEqual(placeOf(await refreshed(stage, refresh_token)), placeOf(next))
  await revoking(stage, refresh_token)
  assert.equal(await statusOf(stage, next), 1)
})

test('SP-AZ-09 a code that comes twice ends what it gave in the list, also before the grant was kept', async () => {
  const stage = createStage()
  const status = await takePosition(stage.ports)
  const code = await putCode(stage, {}, { status })
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  assert.equal(await statusOf(stage, response.access_token), 0)
  await refuses(token(redemption(stage, stage.app, { code }), stage.ports), 'invalid_grant')
  assert.equal(await statusOf(stage, response.access_token), 1)

  const late = { id: 'a grant that is still to be kept', status: await takePosition(stage.ports) }
  await revokeGrant(late, stage.ports)
  const list = await stage.ports.store.statusLists.revoked(0)
  assert.ok(list?.includes(late.status))
})

test('REV-03 a grant that is revoked while it moves is revoked where it moves to', async () => {
  const stage = createStage()
  const { store } = stage.ports
  const { access_token, refresh_token = '' } = await granted(stage)
  const { idx } = placeOf(access_token)
  const id = String(claimsOf(access_token)['grant_id'])
  const moving: Ports = {
    ...stage.ports,
    store: {
      ...store,
      grants: {
        ...store.grants,
        replaceStatus: async (grantId, change) => {
          await revokeGrant({ id, status: idx }, stage.ports)
          return store.grants.replaceStatus(grantId, change)
        },
      },
    },
  }
  const position = await moveGrant({ id, status: idx }, moving)
  assert.ok((await store.statusLists.revoked(0))?.includes(position))
  await assert.rejects(refreshed(stage, refresh_token))
})

test('REV-03 a token of a client in its own name has a place of its own', async () => {
  const stage = createStage()
  const [one, other] = [await ofClient(stage), await ofClient(stage)]
  assert.notDeepEqual(placeOf(one), placeOf(other))
  await revoking(stage, one)
  assert.equal(await statusOf(stage, one), 1)
  assert.equal(await statusOf(stage, other), 0)
})

test('nobody marks the place of a token of another client', async () => {
  const stage = createStage()
  const other = stage.enrol({ ...APP, client_id: 'other' })
  const { access_token } = await granted(stage)
  const attempt = revoke(other.request({ token: access_token }), stage.ports)
  await refuses(attempt, 'invalid_grant', 'REV-01')
  assert.equal(await statusOf(stage, access_token), 0)
})

test('tokens say nothing of their status when it is switched off, or when they are opaque', async () => {
  const off = createStage({ statusList: { enabled: false, ttl: 5 } })
  assert.equal(claimsOf((await granted(off)).access_token)['status'], undefined)
  assert.equal(claimsOf(await ofClient(off))['status'], undefined)
  assert.equal(await off.ports.store.statusLists.take(1), 0)

  const stage = createStage()
  const opaque = stage.enrol({ ...APP, client_id: 'opaque', access_token_format: 'opaque' })
  const { ports } = stage
  const entitlement = {
    client: opaque.client,
    subject: 'opaque',
    audience: [],
    scopes: [],
    confirmation: { jkt: '' },
  }
  await issueAccessToken(entitlement, ports)
  assert.equal(await ports.store.statusLists.take(1), 0)
})

test('a grant from before there were lists gets a place when it is used, and keeps it', async () => {
  const stage = createStage({ statusList: { enabled: false, ttl: 5 } })
  const { refresh_token = '' } = await granted(stage)
  const { ports, app } = stage
  const service = { ...ports.service, statusList: { enabled: true, ttl: 5 } }
  const now: Stage = { ...stage, ports: { ...ports, service }, app }
  const [one, other] = [await refreshed(now, refresh_token), await refreshed(now, refresh_token)]
  assert.deepEqual(placeOf(one), placeOf(other))
  await revoking(now, refresh_token)
  assert.equal(await statusOf(now, one), 1)
})

test('the tokens of a grant cost no call for their place beyond those for the grant', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const calls: string[] = []
  const { ports } = stage
  const statusLists = new Proxy(ports.store.statusLists, {
    get: (target, verb): unknown => {
      calls.push(String(verb))
      return Reflect.get(target, verb)
    },
  })
  const watched = { ...stage, ports: { ...ports, store: { ...ports.store, statusLists } } }
  await refreshed(watched, refresh_token)
  assert.deepEqual(calls, [])
  for (let count = 0; count < 1_030; count += 1) await takePosition(watched.ports)
  assert.deepEqual(calls, ['take', 'keep', 'take', 'keep'])
})

test('no place is given twice, and their order tells nothing of when they were given', async () => {
  const { ports } = createStage()
  const taken = await Promise.all(Array.from({ length: 3_072 }, async () => takePosition(ports)))
  assert.deepEqual(
    taken.toSorted((one, other) => one - other),
    Array.from({ length: 3_072 }, (_, index) => index),
  )
  const steps = taken.slice(1).map((position, index) => position - (taken[index] ?? 0))
  const upwards = steps.filter((step) => step > 0).length / steps.length
  assert.ok(upwards > 0.45 && upwards < 0.55, `${upwards}`)
  assert.ok(steps.filter((step) => Math.abs(step) === 1).length < 20)
})

test('the rest of a block is thrown away after a day, so that lists come to an end', async () => {
  const stage = createStage()
  const { ports, clock } = stage
  const { store, service } = ports
  const first = await takePosition(ports)
  assert.ok(first < 1_024)
  const end = clock.now() + 86_400 + service.lifetimes.refreshToken + 3_720
  clock.advance(86_400)
  assert.ok((await takePosition(ports)) >= 1_024)
  // Prolonged by the second block.
  clock.set(end)
  assert.deepEqual(await store.statusLists.revoked(0), [])
  clock.set(end + 86_400)
  assert.equal(await store.statusLists.revoked(0), undefined)
})

test('a token of the last moment of a block expires before its list is gone', async () => {
  const stage = createStage({
    lifetimes: { ...createStage().ports.service.lifetimes, accessToken: 3_600 },
  })
  const { ports, clock } = stage
  await takePosition(ports)
  clock.advance(86_399)
  const { refresh_token = '' } = await granted(stage)
  clock.advance(ports.service.lifetimes.refreshToken - 1)
  const last = await refreshed(stage, refresh_token)
  clock.advance(3_599)
  assert.equal(await statusOf(stage, last), 0)
})

test('no place is given from a block that may be lost', async () => {
  const { ports } = createStage()
  const store = {
    ...ports.store,
    settled: (): Promise<void> => Promise.reject(new StoreUnavailable('the disk is full')),
  }
  await assert.rejects(async () => takePosition({ ...ports, store }), StoreUnavailable)
  await assert.rejects(async () => takePosition({ ...ports, store }), StoreUnavailable)
  assert.ok((await takePosition(ports)) >= 2_048)
})

test('places go on in the next list when one is full', async () => {
  const stage = createStage()
  await stage.ports.store.statusLists.take(STATUS_LIST_SIZE)
  const { access_token } = await granted(stage)
  const { idx, uri } = placeOf(access_token)
  assert.equal(uri, 'https://as.example/status-lists/1')
  assert.ok(idx < 1_024)
  await revoking(stage, access_token)
  assert.equal(await statusOf(stage, access_token), 1)
})
