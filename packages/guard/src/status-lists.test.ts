import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import {
  createStatusList,
  generateSigningKey,
  packStatuses,
  signJwt,
  type SigningKey,
} from '@signet/protocol'
import type { GuardOptions } from './options.ts'
import type { GuardRequest } from './request.ts'
import { API, createStage, ISSUER, type Stage } from './testing/stage.ts'
import { createTestIssuer } from './testing/test-issuer.ts'

const URI = `${ISSUER}/status/1`

interface Published {
  readonly bytes?: readonly number[]
  readonly bits?: number
  readonly claims?: object
  readonly key?: SigningKey
  readonly lst?: string
}

/** The authorization server publishes a list, from now on. */
function publish({ answers, issuer, clock }: Stage, published: Published = {}): void {
  const { bytes = [0], bits = 1, claims, key = issuer.key } = published
  const lst = published.lst ?? deflateSync(Buffer.from(bytes)).toString('base64url')
  answers.set(URI, () => {
    const all = { sub: URI, iat: clock.now, status_list: { bits, lst }, ...claims }
    const body = Buffer.from(signJwt({ typ: 'statuslist+jwt' }, all, key))
    return { status: 200, mediaType: 'application/statuslist+jwt', body }
  })
}

function stageWith(options: Partial<GuardOptions> = {}): Stage & {
  at(index: unknown, uri?: string): GuardRequest
} {
  const stage = createStage(options)
  const at = (idx: unknown, uri: string = URI): GuardRequest =>
    stage.issuer.request({ token: stage.issuer.token({ status: { status_list: { idx, uri } } }) })
  return { ...stage, at }
}

test('SP-RS-03 a token that was revoked is refused, and one that was not passes', async () => {
  for (const [bits, bytes, revoked, stands] of [
    [1, [0b0000_0100, 0b1000_0000], [2, 15], [0, 1, 3, 14]],
    [2, [0b0110_0000], [2, 3], [0, 1]],
    [4, [0x10], [1], [0]],
    [8, [0, 3], [1], [0]],
  ] as const) {
    const stage = stageWith()
    publish(stage, { bits, bytes })
    for (const index of revoked) {
      const { status, event } = await stage.refused(stage.at(index))
      assert.deepEqual([status, event.reason], [401, 'token_revoked'])
    }
    for (const index of stands) await stage.granted(stage.at(index))
    assert.equal(stage.calls.length, 1)
  }
})

test('SP-RS-03 a place that is not in the list, or is none, is refused', async () => {
  const stage = stageWith()
  publish(stage)
  for (const index of [8, 2 ** 40, -1, 1.5, '0', undefined]) await stage.refused(stage.at(index))
})

test('SP-RS-03 a revocation counts after three seconds, without a call per request', async () => {
  const stage = stageWith()
  publish(stage)
  const request = (): GuardRequest => stage.at(0)
  await stage.granted(request())
  publish(stage, { bytes: [1] })
  stage.clock.now += 2
  await stage.granted(request())
  stage.clock.now += 1
  const outcomes = await Promise.all([1, 2, 3].map(() => stage.guard.check(request())))
  assert.ok(outcomes.every(({ action }) => action === 'refused'))
  assert.equal(stage.calls.length, 2)
})

test('SP-RS-03 a list may ask to be fetched more often than configured', async () => {
  const stage = stageWith({ statusListSeconds: 600 })
  publish(stage, { claims: { ttl: 2 } })
  await stage.granted(stage.at(0))
  publish(stage, { bytes: [1] })
  stage.clock.now += 2
  await stage.refused(stage.at(0))
})

test('SP-RS-03 while the issuer is down the last list is used, but not for long', async () => {
  const stage = stageWith({ statusListGraceSeconds: 30 })
  publish(stage, { bytes: [2] })
  await stage.granted(stage.at(0))
  stage.answers.clear()
  stage.clock.now += 32
  await stage.granted(stage.at(0))
  await stage.refused(stage.at(1))
  stage.clock.now += 1
  const { status, event } = await stage.refused(stage.at(0))
  assert.deepEqual([status, event.reason], [503, 'status_list_unavailable'])
  assert.match(event.received, /connection refused/)
  assert.match(stage.troubles.join(), /status_list/)
  publish(stage)
  stage.clock.now += 1
  await stage.granted(stage.at(0))
})

test('SP-RS-03 a list that has expired is no list, however young', async () => {
  const stage = stageWith()
  publish(stage, { claims: { exp: stage.clock.now + 2 } })
  await stage.granted(stage.at(0))
  stage.answers.clear()
  stage.clock.now += 2
  assert.equal((await stage.refused(stage.at(0))).status, 503)
})

test('SP-RS-03 JWT-09 a list that is forged, foreign, too large or garbage lets nobody through', async () => {
  const wrong: Readonly<Record<string, Published>> = {
    'of another key': { key: generateSigningKey('ES256') },
    'of another list': { claims: { sub: `${ISSUER}/status/2` } },
    'not packed': { lst: 'AAAA' },
    'a bomb': { lst: deflateSync(Buffer.alloc(50_000_000)).toString('base64url') },
    'of no bits': { bits: 0 },
  }
  for (const [title, published] of Object.entries(wrong)) {
    const stage = stageWith()
    publish(stage, published)
    assert.equal((await stage.refused(stage.at(0))).status, 503, title)
  }
  for (const body of ['', 'a.b.c', '<html>']) {
    const stage = stageWith()
    const answer = { status: 200, mediaType: 'text/html', body: Buffer.from(body) }
    stage.answers.set(URI, () => answer)
    assert.equal((await stage.refused(stage.at(0))).status, 503, body)
  }
})

test('SP-CR-08 BCP-13 a token cannot make the guard call anybody but its issuer', async () => {
  const stage = stageWith()
  for (const uri of [
    'https://evil.example/s',
    'http://as.example/s',
    `${ISSUER}@evil.example/s`,
    'x',
  ]) {
    const { event } = await stage.refused(stage.at(0, uri))
    assert.equal(event.reason, 'token_status_missing')
  }
  assert.deepEqual(stage.calls, [])
})

test('SP-RS-03 JWT-07 no issuer can take away the list of another one on the same host', async () => {
  const other = `${ISSUER}/other`
  const stage = createStage()
  const evil = createTestIssuer({ issuer: other, resource: API, now: () => stage.clock.now })
  const both = createStage({ issuer: [stage.issuer.trusted, evil.trusted] })
  // The keys of the guard under test are those of the first stage.
  const { issuer } = stage
  publish({ ...both, issuer }, { claims: { iss: ISSUER } })
  const status = { status_list: { idx: 0, uri: URI } }
  const foreign = await both.refused(evil.request({ token: evil.token({ status }) }))
  assert.equal(foreign.status, 503)
  await both.granted(issuer.request({ token: issuer.token({ status }) }))
})

test('SP-RS-03 a list that is older than the last one takes no revocation back', async () => {
  const stage = stageWith({ statusListGraceSeconds: 30 })
  const made = stage.clock.now
  publish(stage, { bytes: [1], claims: { iat: made } })
  await stage.refused(stage.at(0))
  publish(stage, { claims: { iat: made - 1 } })
  stage.clock.now += 5
  const { event } = await stage.refused(stage.at(0))
  assert.equal(event.reason, 'token_revoked')
  assert.match(stage.troubles.join(), /older/)
  stage.clock.now += 30
  assert.equal((await stage.refused(stage.at(0))).status, 503)
  publish(stage, { claims: { iat: made } })
  stage.clock.now += 1
  await stage.granted(stage.at(0))
})

test('a token without status passes unless one is required, and the look can be turned off', async () => {
  const free = createStage()
  await free.granted(free.issuer.request())
  const strict = createStage({ statusList: 'required' })
  const { event } = await strict.refused(strict.issuer.request())
  assert.equal(event.reason, 'token_status_missing')
  const off = stageWith({ statusList: 'off' })
  await off.granted(off.at(0))
  assert.deepEqual(off.calls, [])
})

test('SP-RS-03 a list as our authorization server makes it is read as it was meant', async () => {
  const stage = stageWith()
  const statuses = packStatuses(131_072, [0, 9, 131_071])
  const { now } = stage.clock
  const deflate = (bytes: Buffer): Buffer => deflateSync(bytes)
  const content = { uri: URI, statuses, iat: now, exp: now + 60, ttl: 5, deflate }
  const body = Buffer.from(createStatusList(content, stage.issuer.key))
  stage.answers.set(URI, () => ({ status: 200, mediaType: 'application/statuslist+jwt', body }))
  for (const index of [0, 9, 131_071, 131_072]) await stage.refused(stage.at(index))
  for (const index of [1, 8, 131_070]) await stage.granted(stage.at(index))
})
