import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { after, before, test, type TestContext } from 'node:test'
import { phases, type Phase, type Target } from './contract.ts'
import { createCredentials } from './credentials.ts'
import { createDriver, type Drive } from './driver.ts'

/** What the server below says to a request, given the parameters pushed before. */
type Say = (response: ServerResponse, pushed: URLSearchParams) => void

const json =
  (status: number, body: unknown): Say =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(body))

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const redirect =
  (status: number, change: Readonly<Record<string, string>>): Say =>
  (response, pushed) => {
    const state = pushed.get('state') ?? ''
    const query = new URLSearchParams({ code: 'c', state, iss: target.issuer, ...change })
    const location = `${pushed.get('redirect_uri')}?${query.toString()}`
    response.writeHead(status, { location }).end()
  }

const tokens =
  (change: Readonly<Record<string, string>>, claims: Readonly<Record<string, string>> = {}): Say =>
  (response, pushed) => {
    const payload = {
      iss: target.issuer,
      aud: pushed.get('client_id'),
      sub: target.subject,
      nonce: pushed.get('nonce'),
      ...claims,
    }
    const id_token = `${part({ alg: 'ES256' })}.${part(payload)}.c2lnbmF0dXJl`
    json(200, { access_token: 'a', token_type: 'DPoP', id_token, ...change })(response, pushed)
  }

const userinfo = { sub: 'alice', name: 'Alice Example', email: 'alice@example.com' }

/** Answers everything as if it were right, and checks nothing. */
const careless: Readonly<Record<Phase, Say>> = {
  par: json(201, { request_uri: 'urn:ietf:params:oauth:request_uri:r', expires_in: 90 }),
  authorize: redirect(303, {}),
  token: tokens({}),
  userinfo: json(200, userinfo),
}

let saying = careless
let pushed = new URLSearchParams()
const server = createServer((request, response) => {
  const phase = phases.find((known) => request.url?.startsWith(`/${known}`))
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    if (phase === 'par') pushed = new URLSearchParams(body)
    if (phase !== undefined) saying[phase](response, pushed)
  })
})
const issuer = 'https://as.example'
const target: Target = {
  origin: '',
  issuer,
  endpoints: {
    par: `${issuer}/par`,
    authorize: `${issuer}/authorize`,
    token: `${issuer}/token`,
    userinfo: `${issuer}/userinfo`,
  },
  cookie: 'session=s',
  subject: 'alice',
}

before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
after(() => server.close())

function drive(t: TestContext, change: Partial<typeof careless>): ReturnType<typeof createDriver> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  saying = { ...careless, ...change }
  let used = 0
  const cpu: Drive['cpu'] = async () => (used += 1000)
  const origin = `http://127.0.0.1:${address.port}`
  const credentials = createCredentials()
  const driver = createDriver({ target: { ...target, origin }, credentials, inFlight: 1, cpu })
  t.after(driver.close)
  return driver
}

const wrong: Readonly<Record<string, Partial<typeof careless>>> = {
  'a refused pushed request': { par: json(400, { error: 'invalid_request' }) },
  'a pushed request without reference': { par: json(201, { expires_in: 90 }) },
  'a page where a redirect is due': { authorize: json(200, {}) },
  'a redirect of another status': { authorize: redirect(302, {}) },
  'an error sent to the client': { authorize: redirect(303, { code: '', error: 'access_denied' }) },
  'the state of another flow': { authorize: redirect(303, { state: 'other' }) },
  'another issuer in the redirect': { authorize: redirect(303, { iss: 'https://other.example' }) },
  'a refused code': { token: json(400, { error: 'invalid_grant' }) },
  'a bearer token': { token: tokens({ token_type: 'Bearer' }) },
  'a token answer without access token': { token: tokens({ access_token: '' }) },
  'an ID token for another nonce': { token: tokens({}, { nonce: 'other' }) },
  'an ID token for another client': { token: tokens({}, { aud: 'other' }) },
  'a refused access token': { userinfo: json(401, { error: 'invalid_token' }) },
  'userinfo of another user': { userinfo: json(200, { ...userinfo, sub: 'bob' }) },
  'userinfo without the claims asked for': { userinfo: json(200, { sub: 'alice' }) },
}

for (const [what, change] of Object.entries(wrong)) {
  test(`a round that meets ${what} gives no figure`, async (t) => {
    await assert.rejects(drive(t, change).round(1), { code: 'ERR_ASSERTION' })
  })
}

test('a refused token of the client itself gives no figure, nor does one that is not bound', async (t) => {
  for (const token of [json(400, { error: 'invalid_client' }), tokens({ token_type: 'Bearer' })]) {
    await assert.rejects(drive(t, { token }).clientCredentials(1), { code: 'ERR_ASSERTION' })
  }
})

test('a token of the client itself is told by what the process used for it', async (t) => {
  assert.equal(await drive(t, {}).clientCredentials(2), 500)
})

test('a round attributes what the process used to the phases, per flow', async (t) => {
  // One at a time, because the server above remembers the last pushed request only.
  assert.deepEqual(await drive(t, {}).round(1), {
    par: 1000,
    authorize: 1000,
    token: 1000,
    userinfo: 1000,
  })
})

test('a server that checks nothing is found out', async (t) => {
  await assert.rejects(drive(t, {}).proveStrict(), /a replayed assertion was not refused: 201/)
})
