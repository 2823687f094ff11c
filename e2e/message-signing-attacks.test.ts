import { challengeOf, generateSigningKey } from '@signet/protocol'
import { createRequestObject, forge } from '@signet/protocol/testing'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { ask, json, type Answer } from './testing/https.ts'
import { Peer, type Difference } from './testing/peer.ts'
import { parametersOf, receive } from './testing/receive.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

/** With a query of its own, in which nothing may be added but the response. */
const REDIRECT_URI = 'https://client.example/callback?tenant=1'
const EVIL = 'https://attacker.example/callback'

const signing = new Peer({ clientId: 'signing', scope: 'openid', redirectUri: REDIRECT_URI })
const other = new Peer({ clientId: 'other', scope: 'openid', redirectUri: EVIL })
/** May send its requests either way. */
const free = new Peer({ clientId: 'free', scope: 'openid', redirectUri: REDIRECT_URI })

let server: ServerProcess
let issuer: string
let client: Peer

before(async () => {
  server = await serve(
    serviceFor([
      signing.metadata({ profile: 'fapi2-message-signing' }),
      other.metadata({ profile: 'fapi2-message-signing' }),
      free.metadata(),
    ]),
  )
  issuer = server.site.origin
  client = signing.at(issuer)
})
after(async () => {
  await server.stop()
  server.site.remove()
})

const now = (): number => Math.floor(Date.now() / 1_000)

/** What a good request object says. */
const claims = (peer: Peer = client): Readonly<Record<string, unknown>> => ({
  response_type: 'code',
  response_mode: 'jwt',
  redirect_uri: peer.redirectUri,
  scope: 'openid',
  state: 'the true state',
  prompt: 'consent',
  code_challenge: challengeOf(peer.verifier),
  code_challenge_method: 'S256',
})

function requestObject(changes: object = {}, peer: Peer = client): string {
  const { key, clientId } = peer
  return createRequestObject({ key, clientId, issuer, now: now() }, { ...claims(peer), ...changes })
}

/** Sends a request object, and nothing else that would say what the client wants. */
function push(request: string, { form, ...difference }: Difference = {}): Promise<Answer> {
  return client.send('par', { client_id: client.clientId, request, ...form }, difference)
}

/** Lets the person approve. @returns what the client is told, its signature verified */
async function outcome(
  pushed: Answer,
  change: (link: URL) => void = () => undefined,
): Promise<Told> {
  assert.equal(pushed.status, 201, pushed.body)
  const link = client.link(pushed)
  change(link)
  const answer = await receive(client.browser(), link)
  const response = (await parametersOf(answer)).get('response') ?? ''
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const { payload } = await jwtVerify(response, keys, { issuer, audience: client.clientId })
  return { url: answer.url, payload }
}

interface Told {
  readonly url: string
  readonly payload: Readonly<Record<string, unknown>>
}

test('MS-JAR-01 JARM-03 the good request is taken, and its answer is one parameter beside those of the redirect URI', async () => {
  const { url, payload } = await outcome(await push(requestObject()))
  assert.ok(url.startsWith(`${REDIRECT_URI}&response=`))
  assert.equal(url.split('&').length, 2)
  assert.equal(payload['state'], 'the true state')
  assert.equal((await client.exchange(String(payload['code']))).status, 200)
})

describe('MS-JAR-01 a client that has to sign', () => {
  const refusals: Readonly<Record<string, () => Difference['form']>> = {
    'nothing signed': () => ({ ...client.request(), response_mode: 'jwt' }),
    'an empty request': () => ({ ...client.request(), response_mode: 'jwt', request: '' }),
  }
  for (const [what, form] of Object.entries(refusals)) {
    test(`MS-JAR-01 JAR-06 gets nowhere with ${what}`, async () => {
      const answer = await client.push({ form: form() ?? {} })
      assert.deepEqual([answer.status, json(answer)['error']], [400, 'invalid_request'])
    })
  }

  test('JAR-02 SP-AZ-03 gets nowhere in the browser, signed or not', async () => {
    for (const query of [
      { ...client.request(), response_mode: 'jwt' },
      { client_id: client.clientId, request: requestObject() },
      { client_id: client.clientId, request_uri: 'https://attacker.example/request.jwt' },
    ]) {
      const url = `${issuer}/authorize?${new URLSearchParams(query).toString()}`
      const { status, headers } = await ask(url)
      assert.equal(status, 400)
      assert.equal(headers.location, undefined)
    }
  })
})

describe('a request object', () => {
  const stranger = generateSigningKey('ES256')
  const at = now()
  const bad: Readonly<Record<string, () => string>> = {
    'MS-JAR-02 is for this server': () => requestObject({ aud: 'https://attacker.example' }),
    'MS-JAR-02 and not for one of its endpoints': () => requestObject({ aud: `${issuer}/par` }),
    'MS-JAR-03 begins': () => requestObject({ nbf: undefined }),
    'MS-JAR-03 did not begin long ago': () => requestObject({ nbf: at - 3_700, exp: at + 60 }),
    'MS-JAR-03 has begun': () => requestObject({ nbf: at + 600, exp: at + 660 }),
    'MS-JAR-04 ends': () => requestObject({ exp: undefined }),
    'MS-JAR-04 ends soon': () => requestObject({ nbf: at, exp: at + 3_700 }),
    'MS-JAR-04 has not ended': () => requestObject({ nbf: at - 120, exp: at - 60 }),
    'MS-JAR-06 is signed by the client': () =>
      createRequestObject({ key: stranger, clientId: 'signing', issuer, now: at }, claims()),
    'MS-JAR-06 and not by another': () =>
      createRequestObject({ key: other.key, clientId: 'signing', issuer, now: at }, claims()),
    'JAR-02 is of the client that sends it': () => requestObject({}, other),
    'JAR-02 names the client': () => requestObject({ client_id: 'other' }),
    'JAR-03 is signed at all': () => {
      const [, body = ''] = requestObject().split('.')
      return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
    },
    'JAR-03 is signed as the profile says': () =>
      forge({ alg: 'RS256', kid: client.key.kid }, { ...claims() }, client.key),
    'JAR-01 refers to no other': () => requestObject({ request_uri: 'urn:x' }),
    'JAR-01 holds no other': () => requestObject({ request: requestObject() }),
    'JAR-07 cannot be a client assertion': () => requestObject({ sub: 'signing' }),
    'JWT-09 is of its type': () =>
      forge(
        { alg: 'ES256', kid: client.key.kid, typ: 'at+jwt' },
        {
          ...claims(),
          iss: 'signing',
          client_id: 'signing',
          aud: issuer,
          nbf: at,
          exp: at + 60,
        },
        client.key,
      ),
  }
  for (const [what, make] of Object.entries(bad)) {
    test(what, async () => {
      const answer = await push(make())
      assert.equal(answer.status, 400, answer.body)
      assert.equal(json(answer)['error'], 'invalid_request_object', answer.body)
    })
  }

  test('MS-JAR-02 may be for others too', async () => {
    assert.equal((await push(requestObject({ aud: [issuer, 'https://b.example'] }))).status, 201)
  })

  test('JAR-05 with a jti is taken once', async () => {
    const request = requestObject({ jti: randomUUID() })
    assert.equal((await push(request)).status, 201)
    const again = await push(request)
    assert.deepEqual([again.status, json(again)['error']], [400, 'invalid_request_object'])
  })

  test('DPOP-JKT-04 binds the code to the key it names', async () => {
    const mismatch = await push(requestObject({ dpop_jkt: stranger.kid }))
    assert.equal(mismatch.status, 400, mismatch.body)
    const pushed = await push(requestObject({ dpop_jkt: client.proofKey.kid }), { proof: null })
    const { payload } = await outcome(pushed)
    const code = String(payload['code'])
    const stolen = await client.exchange(code, { proof: { key: stranger } })
    assert.equal(stolen.status, 400, stolen.body)
  })
})

describe('what stands beside the request object', () => {
  const beside = {
    redirect_uri: EVIL,
    response_mode: 'query',
    response_type: 'token',
    scope: 'openid payments',
    state: 'another state',
    code_challenge: challengeOf('another verifier that is long enough for it'),
    code_challenge_method: 'plain',
    prompt: 'none',
    dpop_jkt: 'x',
    nonce: 'n',
  }

  test('JAR-04 PAR-09 MS-JAR-01 in the form counts nothing', async () => {
    const { url, payload } = await outcome(await push(requestObject(), { form: beside }))
    assert.ok(url.startsWith(`${REDIRECT_URI}&response=`))
    assert.equal(payload['state'], 'the true state')
    const tokens = json(await client.exchange(String(payload['code'])))
    assert.equal(tokens['scope'], 'openid')
  })

  test('JAR-04 JAR-06 nor for a client that may leave its requests unsigned', async () => {
    const peer = free.at(issuer)
    const request = requestObject({}, peer)
    const form = { client_id: 'free', request, ...beside }
    const answer = await receive(peer.browser(), peer.link(await peer.send('par', form)))
    assert.ok(answer.url.startsWith(`${REDIRECT_URI}&response=`))
  })

  test('JAR-10 is no reference', async () => {
    const form = { request_uri: 'urn:ietf:params:oauth:request_uri:x' }
    const answer = await push(requestObject(), { form })
    assert.deepEqual([answer.status, json(answer)['error']], [400, 'invalid_request'])
  })
})

describe('MS-JARM-01 the answer is signed, whatever the link to the browser says', () => {
  const additions: Readonly<Record<string, string>> = {
    response_mode: 'query',
    redirect_uri: EVIL,
    state: 'another state',
    response_type: 'token',
    scope: 'openid payments',
    prompt: 'none',
    code_challenge: 'x',
  }
  for (const [name, value] of Object.entries(additions)) {
    test(`MS-JARM-01 PAR-09 ${name}`, async () => {
      const pushed = await push(requestObject())
      const told = await outcome(pushed, (link) => link.searchParams.set(name, value))
      assert.ok(told.url.startsWith(`${REDIRECT_URI}&response=`))
      assert.equal(told.payload['state'], 'the true state')
      assert.equal(json(await client.exchange(String(told.payload['code'])))['scope'], 'openid')
    })
  }

  test('MS-JARM-01 request', async () => {
    const pushed = await push(requestObject())
    const unsigned = requestObject({ response_mode: 'query' }, free.at(issuer))
    const told = await outcome(pushed, (link) => link.searchParams.set('request', unsigned))
    assert.ok(told.url.startsWith(`${REDIRECT_URI}&response=`))
  })

  test('PAR-06 nor does the reference of another client', async () => {
    const link = client.link(await push(requestObject()))
    link.searchParams.set('client_id', 'other')
    const { status, headers } = await ask(link)
    assert.equal(status, 400)
    assert.equal(headers.location, undefined)
  })
})
