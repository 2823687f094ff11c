import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { generateEncryptionKey, generateSigningKey } from '@signet/protocol'
import type { GuardRequest } from './request.ts'
import { createStage, ISSUER, json, type Stage } from './testing/stage.ts'

const METADATA = `${ISSUER}/.well-known/openid-configuration`
const JWKS = `${ISSUER}/jwks`

/** A guard that knows nothing but the name of its issuer, which publishes these keys. */
function discovering(keys?: readonly object[]): Stage {
  const stage = createStage({ issuer: ISSUER })
  stage.answers.set(METADATA, () => json({ issuer: ISSUER, jwks_uri: JWKS }))
  stage.answers.set(JWKS, () => json({ keys: keys ?? [stage.issuer.key.publicJwk] }))
  return stage
}

function fetches({ calls }: Stage, url = JWKS): number {
  return calls.filter((call) => call.url === url).length
}

test('metadata and keys are discovered once, however many requests come first', async () => {
  const stage = discovering()
  const requests = Array.from({ length: 20 }, () => stage.issuer.request())
  for (const outcome of await Promise.all(requests.map((each) => stage.guard.check(each)))) {
    assert.equal(outcome.action, 'granted')
  }
  assert.deepEqual(
    stage.calls.map(({ url }) => url),
    [METADATA, JWKS],
  )
})

test('metadata is found at the place of RFC 8414 too', async () => {
  const stage = discovering()
  stage.answers.set(METADATA, () => json({}, 404))
  stage.answers.set(`${ISSUER}/.well-known/oauth-authorization-server`, () =>
    json({ issuer: ISSUER, jwks_uri: JWKS }),
  )
  await stage.granted(stage.issuer.request())
})

test('SP-AS-01 metadata of another issuer is not believed', async () => {
  const stage = discovering()
  stage.answers.set(METADATA, () => json({ issuer: `${ISSUER}/`, jwks_uri: JWKS }))
  const { status, event } = await stage.refused(stage.issuer.request())
  assert.deepEqual([status, event.reason], [503, 'issuer_keys_unavailable'])
  assert.equal(fetches(stage), 0)
})

test('a server that is down or answers garbage at the start makes no key, and is asked again soon', async () => {
  const garbage = { status: 200, mediaType: 'text/html', body: Buffer.from('<html>') }
  for (const answer of [garbage, json({ keys: [] }), json({ keys: 'x' }), json({}, 500)]) {
    const stage = discovering()
    stage.answers.set(JWKS, () => answer)
    for (let count = 0; count < 5; count += 1) {
      const { status, event } = await stage.refused(stage.issuer.request())
      assert.deepEqual([status, event.reason], [503, 'issuer_keys_unavailable'])
    }
    assert.equal(fetches(stage), 1)
    assert.match(stage.troubles.join(), /keys:/)
    stage.answers.set(JWKS, () => json({ keys: [stage.issuer.key.publicJwk] }))
    stage.clock.now += 1
    await stage.granted(stage.issuer.request())
  }
})

test('an unknown kid makes the guard fetch the keys, at most once in ten seconds', async () => {
  const old = generateSigningKey('ES256')
  const stage = discovering([old.publicJwk])
  await stage.refused(stage.issuer.request())
  assert.equal(fetches(stage), 1, 'just fetched')
  stage.clock.now += 10
  for (let count = 0; count < 20; count += 1) await stage.refused(stage.issuer.request())
  assert.equal(fetches(stage), 2)
  stage.clock.now += 9
  await stage.refused(stage.issuer.request())
  assert.equal(fetches(stage), 2)
  stage.answers.set(JWKS, () => json({ keys: [old.publicJwk, stage.issuer.key.publicJwk] }))
  stage.clock.now += 1
  const requests = Array.from({ length: 20 }, () => stage.issuer.request())
  const outcomes = await Promise.all(requests.map((each) => stage.guard.check(each)))
  assert.ok(outcomes.every(({ action }) => action === 'granted'))
  assert.equal(fetches(stage), 3)
})

test('keys of a wrong type are left aside, and those that fit work', async () => {
  const stage = discovering()
  const { publicJwk } = stage.issuer.key
  const keys = [
    { kty: 'oct', k: 'AA' },
    { ...publicJwk, use: 'enc' },
    { kty: 'EC', crv: 'P-384' },
    7,
    publicJwk,
  ]
  stage.answers.set(JWKS, () => json({ keys }))
  await stage.granted(stage.issuer.request())
  assert.match(stage.troubles.join(), /left aside: key 0/)
})

test('keys that others encrypt to stand beside those that sign, and are no trouble', async () => {
  const stage = discovering()
  const { publicJwk } = stage.issuer.key
  const encryption = (['RSA-OAEP-256', 'ECDH-ES'] as const).map(generateEncryptionKey)
  const keys = [...encryption.map((key) => key.publicJwk), publicJwk]
  stage.answers.set(JWKS, () => json({ keys }))
  await stage.granted(stage.issuer.request())
  assert.deepEqual(stage.troubles, [])
})

test('the last good keys are kept while the server is down', async () => {
  const stage = discovering()
  await stage.granted(stage.issuer.request())
  for (const answer of [undefined, json({}, 500), json({ keys: [] })]) {
    if (answer === undefined) stage.answers.clear()
    else stage.answers.set(JWKS, () => answer)
    stage.clock.now += 4000
    await stage.granted(stage.issuer.request())
    await settled()
    await stage.granted(stage.issuer.request())
  }
  assert.notEqual(stage.troubles.length, 0)
})

test('a key that was withdrawn ends its tokens, also those that were verified before', async () => {
  const stage = discovering()
  const token = stage.issuer.token({ exp: stage.clock.now + 3000 })
  await stage.granted(stage.issuer.request({ token }))
  stage.answers.set(JWKS, () => json({ keys: [generateSigningKey('ES256').publicJwk] }))
  stage.clock.now += 301
  await stage.guard.check(stage.issuer.request({ token }))
  await settled()
  const { event } = await stage.refused(stage.issuer.request({ token }))
  assert.equal(event.reason, 'access_token_signature')
})

test('keys rotate under load, and nobody notices', async () => {
  const stage = discovering()
  const old = generateSigningKey('ES256')
  stage.answers.set(JWKS, () => json({ keys: [old.publicJwk] }))
  await stage.guard.ready()
  stage.clock.now += 10
  stage.answers.set(JWKS, () => json({ keys: [old.publicJwk, stage.issuer.key.publicJwk] }))
  const requests: GuardRequest[] = Array.from({ length: 50 }, () => stage.issuer.request())
  const outcomes = await Promise.all(requests.map((each) => stage.guard.check(each)))
  assert.ok(outcomes.every(({ action }) => action === 'granted'))
  assert.equal(fetches(stage), 2)
})

test('only keys for the algorithms of this API count', async () => {
  const stage = createStage({ issuer: ISSUER, algorithms: ['PS256'] })
  stage.answers.set(METADATA, () => json({ issuer: ISSUER, jwks_uri: JWKS }))
  stage.answers.set(JWKS, () => json({ keys: [stage.issuer.key.publicJwk] }))
  await stage.refused(stage.issuer.request())
})

test('the guard can be made ready before the first request', async () => {
  const stage = discovering()
  await stage.guard.ready()
  assert.equal(stage.calls.length, 2)
  await assert.rejects(createStage({ issuer: ISSUER }).guard.ready())
})

/** Lets what was begun in the background come to its end. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
