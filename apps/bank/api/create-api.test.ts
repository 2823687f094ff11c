import { createTestIssuer, type RequestChange } from '@signet/guard/testing'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { createApi } from './create-api.ts'

const API = 'https://localhost:9445'
const now = (): number => Math.floor(Date.now() / 1_000)
const issuer = createTestIssuer({ issuer: 'https://as.example', resource: API, now })
const PAYMENTS = 'accounts payments'
const ORDER = {
  from: 'giro',
  recipient: 'Bob Example',
  iban: 'DE89370400440532013000',
  amount: 1_00,
}

let api: FastifyInstance
before(async () => {
  const settings = {
    issuer: 'https://as.example',
    api: API,
    app: 'https://localhost:9446',
    management: 'http://127.0.0.1:1',
    recentLogin: 300,
    authority: '',
    certificate: '',
    key: '',
    clientId: 'app',
    clientKey: {},
    sessionKey: new Uint8Array(32),
    sessions: '',
  }
  api = await createApi(settings, { issuer: issuer.trusted, ca: undefined })
})
after(() => api.close())

interface Call extends RequestChange {
  readonly body?: unknown
}

function call(change: Call = {}): Promise<LightMyRequestResponse> {
  const { method, target, headers } = issuer.request(change)
  const pairs = Array.from({ length: headers.length / 2 }, (_, at) => [
    headers[2 * at] ?? '',
    headers[2 * at + 1] ?? '',
  ])
  return api.inject({
    method: method === 'POST' ? 'POST' : 'GET',
    url: target,
    headers: Object.fromEntries(pairs),
    ...(change.body !== undefined && { payload: JSON.stringify(change.body) }),
  })
}

const JSON_BODY = ['content-type', 'application/json']

function pay(
  body: unknown,
  key = 'key-1',
  token?: Readonly<Record<string, unknown>>,
): Promise<LightMyRequestResponse> {
  return call({
    method: 'POST',
    target: '/payments',
    token: issuer.token({ scope: PAYMENTS, auth_time: now() - 10, ...token }),
    headers: [...JSON_BODY, 'idempotency-key', key],
    body,
  })
}

describe('the API of the bank', () => {
  test('PRM-01 says who issues its tokens', async () => {
    const { statusCode, body } = await api.inject('/.well-known/oauth-protected-resource')
    assert.equal(statusCode, 200)
    assert.deepEqual(JSON.parse(body).authorization_servers, ['https://as.example'])
    assert.deepEqual(JSON.parse(body).scopes_supported, ['accounts', 'payments'])
    assert.equal(JSON.parse(body).resource, API)
  })

  test('shows accounts and transactions to who holds the key of a token', async () => {
    const { statusCode, body, headers } = await call()
    assert.equal(statusCode, 200, body)
    assert.equal(headers['cache-control'], 'no-store')
    for (const { id } of JSON.parse(body).accounts) {
      const answer = await call({ target: `/accounts/${id}/transactions` })
      assert.equal(answer.statusCode, 200)
      assert.ok(JSON.parse(answer.body).transactions.length > 5)
    }
  })

  test('knows no account of somebody else', async () => {
    const { statusCode, body } = await call({ target: '/accounts/other/transactions' })
    assert.equal(statusCode, 404)
    assert.equal(JSON.parse(body).code, 'no_such_account')
  })

  for (const [what, change] of [
    ['what is no token', { token: 'nonsense' }],
    ['a token without its proof', { proof: 'none' }],
    ['the token of another API', { token: issuer.token({ aud: 'https://other.example' }) }],
    ['an expired token', { token: issuer.token({ exp: now() - 1 }) }],
    ['a proof for another call', { proof: { method: 'POST' } }],
  ] as const) {
    test(`refuses ${what}, on every path`, async () => {
      for (const target of ['/accounts', '/accounts/giro/transactions']) {
        const { statusCode, headers } = await call({ ...change, target })
        assert.equal(statusCode, 401)
        assert.match(String(headers['www-authenticate']), /^DPoP .*resource_metadata=/)
      }
    })
  }

  test('asks for the scope of accounts', async () => {
    const { statusCode } = await call({ token: issuer.token({ scope: 'payments' }) })
    assert.equal(statusCode, 403)
  })
})

describe('a payment', () => {
  test('is made once, and answered again to who repeats it', async () => {
    const first = await pay(ORDER)
    assert.equal(first.statusCode, 201, first.body)
    const again = await pay(ORDER)
    assert.equal(again.statusCode, 200)
    assert.equal(again.body, first.body)
    const other = await pay({ ...ORDER, amount: 2_00 })
    assert.equal(other.statusCode, 409)
  })

  test('STEP-01 asks who logged in too long ago to do it again', async () => {
    for (const auth_time of [now() - 301, undefined]) {
      const { statusCode, headers } = await pay(ORDER, 'old', { auth_time })
      assert.equal(statusCode, 401)
      const challenge = String(headers['www-authenticate'])
      assert.match(challenge, /error="insufficient_user_authentication"/)
      assert.match(challenge, /max_age="?300/)
    }
  })

  test('asks for its scope', async () => {
    const { statusCode, headers } = await pay(ORDER, 'scope', { scope: 'accounts' })
    assert.equal(statusCode, 403)
    assert.match(String(headers['www-authenticate']), /insufficient_scope.*scope="payments"/)
  })

  test('asks for a key, and for an object', async () => {
    assert.equal((await pay(ORDER, '')).statusCode, 400)
    assert.equal((await pay(ORDER, 'a b')).statusCode, 400)
    for (const body of [[], 'text', 1]) {
      const answer = await pay(body, 'body')
      assert.equal(answer.statusCode, 400)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    }
  })

  test('tells what is wrong with it, field by field', async () => {
    const { statusCode, headers, body } = await pay({ ...ORDER, amount: -5, iban: 'x' }, 'wrong')
    assert.equal(statusCode, 422)
    assert.match(String(headers['content-type']), /^application\/problem\+json/)
    assert.deepEqual(
      JSON.parse(body).errors.map(({ field }: { field: string }) => field),
      ['iban', 'amount'],
    )
  })

  test('is not taken in another form, nor without end', async () => {
    const token = issuer.token({ scope: PAYMENTS, auth_time: now() })
    const target = '/payments'
    const text = await call({
      method: 'POST',
      target,
      token,
      headers: ['content-type', 'text/plain'],
      body: 'x',
    })
    assert.equal(text.statusCode, 415)
    const long = await pay({ ...ORDER, purpose: 'x'.repeat(20_000) }, 'long')
    assert.equal(long.statusCode, 413)
  })
})

describe('what became of a call', () => {
  const id = '7e4b0fb0-0a5b-4a6b-9d55-5a4ffb6a2f11'

  test('is told to who knows its id, with the rule that refused it', async () => {
    await call({
      method: 'POST',
      target: '/payments',
      token: issuer.token({ scope: PAYMENTS, auth_time: 0 }),
      headers: [...JSON_BODY, 'x-fapi-interaction-id', id],
      body: ORDER,
    })
    const { at, ...told } = JSON.parse((await api.inject(`/dev/calls/${id}`)).body)
    assert.ok(Math.abs(at - Date.now()) < 5_000)
    assert.equal(told.route, '/payments')
    assert.equal(told.status, 401)
    assert.equal(told.refused.error, 'insufficient_user_authentication')
  })

  test('is not told to anybody else', async () => {
    assert.equal((await api.inject('/dev/calls/other')).statusCode, 404)
  })
})
