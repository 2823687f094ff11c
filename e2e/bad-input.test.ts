import { accessTokenHash, generateSigningKey } from '@signet/protocol'
import { deepJson, forge, forgeries, unusableJwks } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, test } from 'node:test'
import { signet } from './testing/cli.ts'
import { ask, json, post, type Answer, type Asking } from './testing/https.ts'
import { Peer, type Difference } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { say, statusOf } from './testing/wire.ts'

/** How long a refusal may take, on a machine that has other things to do. */
const PATIENCE_MILLISECONDS = 2_000
/** RFC 6749 §5.2. */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts' })
let server: ServerProcess
let client: Peer
let accessToken: string
/** One event of each group, for `signet explain`. */
const events = new Set<string>()

before(async () => {
  server = await serve(serviceFor([unplaced.metadata()]))
  client = unplaced.at(server.site.origin)
  ;({ accessToken } = await client.logIn())
})
after(async () => {
  await server.stop()
  server.site.remove()
})
afterEach(async () => {
  assert.ok(server.isRunning)
  const { status, body } = await client.push()
  assert.equal(status, 201, `a good request is refused afterwards: ${body}`)
})

const BACK_CHANNEL = ['par', 'token', 'introspect', 'revoke'] as const
type Endpoint = (typeof BACK_CHANNEL)[number]

const send = (endpoint: Endpoint, difference: Difference = {}): Promise<Answer> => {
  if (endpoint === 'par') return client.push(difference)
  if (endpoint === 'token') return client.credentials(difference)
  return endpoint === 'introspect'
    ? client.introspect('token', difference)
    : client.revoke('token', difference)
}

for (const endpoint of BACK_CHANNEL) {
  describe(`the endpoint ${endpoint}`, () => {
    const refused = async (
      what: string,
      request: () => Promise<Answer>,
      expected: { readonly status?: number; readonly error?: string } = {},
    ): Promise<void> => {
      const { status = 400, error = 'invalid_request' } = expected
      await assertRefused(what, request, { status, error })
    }
    const bare = (body: string, asking: Asking = {}): Promise<Answer> =>
      post(client.endpoint(endpoint), body, asking)

    test('OAU-01 refuses a parameter that occurs twice, whatever it is', async () => {
      for (const name of ['client_id', 'client_assertion', 'scope', 'grant_type', 'token', 'x']) {
        await refused(name, () => bare(`${name}=a&b=c&${name}=a`))
      }
    })

    test('PAR-01 refuses what is not sent as a form', async () => {
      const types = [
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencodedx',
        'application/x-www-form-urlencoded, application/json',
        'form',
        '',
        '/',
        'a'.repeat(3_000),
      ]
      for (const type of types) {
        await refused(type, () => bare('a=b', { headers: { 'content-type': type } }))
      }
      await refused('no type at all', () =>
        ask(client.endpoint(endpoint), { method: 'POST', body: 'a=b' }),
      )
    })

    test('PAR-07 refuses bodies over 64 KiB', async () => {
      for (const size of [65_537, 100_000, 500_000]) {
        await refused(`${size} bytes`, () => bare('a='.padEnd(size, 'x')), { status: 413 })
      }
    })

    test('OAU-05 refuses percent-encoding and bytes that are not UTF-8', async () => {
      for (const body of ['a=%', 'a=%4', 'a=%zz', '%=a', 'a=%ff', 'a=%c3%28', 'a=%ed%a0%80']) {
        await refused(body, () => bare(body))
      }
      for (const bytes of [
        [0xff],
        [0xc3, 0x28],
        [0xed, 0xa0, 0x80],
        [0xf8, 0x88, 0x80, 0x80, 0x80],
      ]) {
        const body = Buffer.from([0x61, 0x3d, ...bytes])
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        await refused(body.toString('hex'), () =>
          ask(client.endpoint(endpoint), { method: 'POST', headers, body }),
        )
      }
    })

    test('OAU-05 refuses empty and enormous and meaningless values', async () => {
      const error = 'invalid_client'
      const expected = { status: 401, error }
      await refused('nothing', () => bare(''), expected)
      await refused('separators', () => bare('&&&=&=&'), { status: 400 })
      for (const name of ['client_assertion', 'client_id', 'state', 'dpop_jkt', 'resource']) {
        await refused(name, () => bare(`${name}=${'x'.repeat(60_000)}`), expected)
      }
      await refused(
        'many names',
        () => bare(Array.from({ length: 9_000 }, (_, n) => `p${n}=`).join('&')),
        expected,
      )
      await refused('a null byte', () => bare('client_id=%00'), expected)
    })

    test('OAU-05 a value of 100,000 characters is too large', async () => {
      for (const name of ['client_assertion', 'code', 'token']) {
        await refused(name, () => bare(`${name}=${'x'.repeat(100_000)}`), { status: 413 })
      }
    })

    test('JWT-06 JWT-10 SP-CR-03 refuses every forged assertion', async () => {
      const now = Math.floor(Date.now() / 1_000)
      const { clientId, issuer, key } = client
      const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), exp: now + 60 }
      const header = { typ: 'client-authentication+jwt', kid: key.kid }
      for (const [what, assertion] of Object.entries(forgeries(header, claims, key))) {
        await refused(what, () => send(endpoint, { assertion }), {
          status: 401,
          error: 'invalid_client',
        })
      }
      const deep = forge({ ...header, alg: 'ES256' }, deepJson(5_000), key)
      await refused('very deep JSON', () => send(endpoint, { assertion: deep }), {
        status: 401,
        error: 'invalid_client',
      })
      assert.ok((await send(endpoint)).status < 300, 'the good one is taken')
    })

    test('JWT-08 follows nothing that an assertion points at', async () => {
      for (const header of [
        { kid: "' OR 1=1 --" },
        { kid: '../../../etc/passwd' },
        { kid: 'x'.repeat(5_000) },
        { jku: 'https://attacker.example/jwks', kid: 'theirs' },
        { x5u: 'https://attacker.example/x5u', kid: 'theirs' },
        { jwk: generateSigningKey('ES256').publicJwk, kid: 'theirs' },
      ]) {
        await refused(
          JSON.stringify(header).slice(0, 60),
          () => send(endpoint, { assertion: { header, key: stranger } }),
          { status: 401, error: 'invalid_client' },
        )
      }
    })

    test('PAR-07 refuses other methods', async () => {
      for (const method of [
        'GET',
        'PUT',
        'DELETE',
        'PATCH',
        'HEAD',
        'OPTIONS',
        'TRACE',
        'PROPFIND',
      ]) {
        const { status, headers } = await ask(client.endpoint(endpoint), { method })
        assert.equal(status, 405, method)
        assert.equal(headers['allow'], 'POST', method)
      }
    })
  })
}

const stranger = generateSigningKey('ES256')

describe('proofs', () => {
  const takers: Readonly<Record<string, (proof: string) => Promise<Answer>>> = {
    par: (proof) => client.push({ proof }),
    token: (proof) => client.credentials({ proof }),
    userinfo: (proof) => client.userinfo(accessToken, { proof }),
  }
  for (const [endpoint, take] of Object.entries(takers)) {
    const header = (): object => {
      const { kid: _kid, use: _use, alg: _alg, ...jwk } = client.proofKey.publicJwk
      return { typ: 'dpop+jwt', jwk }
    }
    const claims = (): object => ({
      jti: randomUUID(),
      htm: endpoint === 'userinfo' ? 'GET' : 'POST',
      htu: client.endpoint(endpoint),
      iat: Math.floor(Date.now() / 1_000),
      ...(endpoint === 'userinfo' && { ath: accessTokenHash(accessToken) }),
    })
    const expected = {
      status: endpoint === 'userinfo' ? 401 : 400,
      error: 'invalid_dpop_proof',
    }

    test(`DPOP-PRF-02 DPOP-PRF-05 JWT-10 ${endpoint} refuses every forged proof`, async () => {
      for (const [what, proof] of Object.entries(forgeries(header(), claims(), client.proofKey))) {
        await assertRefused(what, () => take(proof), expected)
      }
    })

    test(`DPOP-PRF-07 JWT-03 SP-CR-04 SP-CR-05 ${endpoint} refuses every key that nobody may use`, async () => {
      for (const [what, jwk] of Object.entries(unusableJwks())) {
        const proof = forge({ ...header(), alg: 'ES256', jwk }, claims(), client.proofKey)
        await assertRefused(what, () => take(proof), expected)
      }
      for (const jwk of [
        null,
        [],
        'key',
        1,
        {},
        { kty: {} },
        { kty: 'EC', crv: [], x: 1, y: {} },
      ]) {
        const proof = forge({ ...header(), alg: 'ES256', jwk }, claims(), client.proofKey)
        await assertRefused(JSON.stringify(jwk), () => take(proof), expected)
      }
    })

    test(`DPOP-PRF-03 ${endpoint} refuses claims of the wrong type`, async () => {
      for (const name of ['jti', 'htm', 'htu', 'iat']) {
        for (const value of [
          undefined,
          null,
          [],
          {},
          true,
          '',
          -1,
          1e300,
          '\u0000',
          'x'.repeat(9_000),
        ]) {
          if (name === 'jti' && value === '\u0000') continue
          const proof = forge(
            { ...header(), alg: 'ES256' },
            { ...claims(), [name]: value },
            client.proofKey,
          )
          await assertRefused(
            `${name} ${JSON.stringify(value)?.slice(0, 20)}`,
            () => take(proof),
            expected,
          )
        }
      }
    })
  }

  test('DPOP-PRF-01 two proofs are refused, however they come', async () => {
    const { issuer } = client
    const url = new URL(issuer)
    for (const names of [
      ['dpop', 'dpop'],
      ['DPoP', 'dPoP'],
    ] as const) {
      const fields = names.map((name) => `${name}: ${client.proof(client.endpoint('par'))}`)
      const raw = await say(Number(url.port), rawPush(url, [...fields, 'connection: close']))
      assert.equal(statusOf(raw), 400)
      assert.match(raw, /invalid_dpop_proof/)
    }
  })
})

describe('access tokens', () => {
  test('JWT-01 JWT-09 every forged token is refused at userinfo, and told nothing about elsewhere', async () => {
    const now = Math.floor(Date.now() / 1_000)
    const claims = {
      iss: client.issuer,
      sub: 'alice',
      aud: client.issuer,
      client_id: client.clientId,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
      scope: 'openid',
      cnf: { jkt: client.proofKey.kid },
    }
    for (const [what, token] of Object.entries(
      forgeries({ typ: 'at+jwt', kid: client.key.kid }, claims, client.key),
    )) {
      if (token === '' || /[ {]/.test(token)) continue
      await assertRefused(what, () => client.userinfo(token), {
        status: 401,
        error: 'invalid_token',
      })
      const { status, body } = await client.introspect(token)
      assert.equal(status, 200, what)
      assert.deepEqual(json({ body }), { active: false })
      const revoked = await client.revoke(token)
      assert.ok([200, 400].includes(revoked.status), what)
    }
  })

  test('OIDC-11 a token that does not come in the header is not looked at', async () => {
    const url = client.endpoint('userinfo')
    const cases: Readonly<Record<string, () => Promise<Answer>>> = {
      'in the query': () => ask(`${url}?access_token=${accessToken}`),
      'in the form': () => post(url, `access_token=${accessToken}`),
      'as Bearer': () => ask(url, { headers: { authorization: `Bearer ${accessToken}` } }),
      'as Basic': () => ask(url, { headers: { authorization: 'Basic YWxhZGRpbjpvcGVu' } }),
      'without a scheme': () => ask(url, { headers: { authorization: accessToken } }),
      'as nothing': () => ask(url, { headers: { authorization: '' } }),
      'with the scheme alone': () => ask(url, { headers: { authorization: 'DPoP' } }),
      enormous: () => ask(url, { headers: { authorization: `DPoP ${'x'.repeat(9_000)}` } }),
      'in strange letters': () => ask(url, { headers: { authorization: 'DPoP \u00e4\u00f6' } }),
    }
    for (const [what, request] of Object.entries(cases)) {
      const { status, headers } = await request()
      assert.ok(status === 401 || status === 400, `${what}: ${status}`)
      assert.match(String(headers['www-authenticate']), /^DPoP /, what)
    }
  })

  test('OIDC-11 two Authorization headers are refused', async () => {
    const url = new URL(client.issuer)
    const fields = [`authorization: DPoP ${accessToken}`, `authorization: DPoP ${accessToken}`]
    const raw = await say(
      Number(url.port),
      ['GET /userinfo HTTP/1.1', `host: ${url.host}`, ...fields, 'connection: close', '\r\n'].join(
        '\r\n',
      ),
    )
    assert.ok([400, 401].includes(statusOf(raw)), raw.slice(0, 200))
  })
})

describe('what browsers open', () => {
  const QUERIES = [
    '',
    '?',
    '?&&==&',
    '?request_uri=x&request_uri=x&client_id=app',
    '?client_id=app&request_uri=',
    '?client_id=app&request_uri=urn:ietf:params:oauth:request_uri:none',
    '?client_id=app&request_uri=https://attacker.example/request',
    '?client_id=%00&request_uri=%00',
    '?client_id=%&request_uri=x',
    '?client_id=%ff&request_uri=%c3%28',
    '?response_type=code&client_id=app&redirect_uri=https://client.example/callback',
    `?client_id=app&request_uri=${'x'.repeat(9_000)}`,
    `?client_id=app&request=${'e30.'.repeat(2_000)}`,
    '?client_id[]=app&request_uri[x]=y',
    '?__proto__[x]=1&constructor=2',
  ]
  for (const method of ['GET', 'POST']) {
    test(`SP-AZ-03 SP-AS-07 PAR-10 the authorization endpoint shows a page with an event and redirects nowhere (${method})`, async () => {
      for (const query of QUERIES) {
        const url = client.endpoint('authorize')
        const answer = method === 'GET' ? await ask(url + query) : await post(url, query.slice(1))
        if (method === 'POST' && answer.status === 405) continue
        await assertPage(query.slice(0, 60), answer)
      }
    })
  }

  test('SP-AZ-03 an interaction that does not exist is a page with an event', async () => {
    for (const id of ['none', '%00', '%2e%2e%2f', 'x'.repeat(4_000), "'", 'a%20b', '__proto__']) {
      await assertPage(id.slice(0, 20), await ask(client.endpoint(`interaction/${id}`), html))
      for (const form of ['login', 'cancel', 'consent', 'switch']) {
        const answer = await post(client.endpoint(`interaction/${id}/${form}`), 'username=a', {
          headers: { ...html.headers, origin: client.issuer },
        })
        await assertPage(`${id.slice(0, 20)}/${form}`, answer)
      }
    }
  })

  test('OAU-05 malformed paths are pages, or JSON for clients', async () => {
    for (const path of [
      '%',
      '%zz',
      '%ff',
      'a%00b',
      '%c0%ae%c0%ae/',
      '..%2f..%2f',
      'par/',
      'PAR',
      '//par',
    ]) {
      await assertPage(path, await ask(`${client.issuer}/${path}`, html))
      const { status } = await ask(`${client.issuer}/${path}`)
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`)
    }
  })

  test('LOG-03 a logout with a hint of nobody logs nobody out and breaks nothing', async () => {
    const claims = { iss: client.issuer, sub: 'alice', aud: 'app', exp: 1, iat: 1 }
    const hints = Object.values(forgeries({ kid: client.key.kid }, claims, client.key))
    for (const hint of hints) {
      const query = new URLSearchParams({
        id_token_hint: hint,
        post_logout_redirect_uri: 'https://attacker.example/',
      })
      const { status, headers } = await ask(`${client.endpoint('logout')}?${query.toString()}`)
      assert.ok(status === 200 || (status >= 400 && status < 500), String(status))
      assert.equal(headers.location, undefined)
    }
  })
})

describe('what is no proper HTTP', () => {
  const raw = (lines: readonly string[], body = ''): string =>
    `${lines.join('\r\n')}\r\n\r\n${body}`
  const MESSAGES: Readonly<Record<string, string | Buffer>> = {
    'two lengths': raw(
      ['POST /par HTTP/1.1', 'host: h', 'content-length: 3', 'content-length: 4'],
      'a=b',
    ),
    'a length and chunks': raw(
      ['POST /par HTTP/1.1', 'host: h', 'content-length: 3', 'transfer-encoding: chunked'],
      '0\r\n\r\n',
    ),
    'a negative length': raw(['POST /par HTTP/1.1', 'host: h', 'content-length: -1']),
    'a length in words': raw(['POST /par HTTP/1.1', 'host: h', 'content-length: three'], 'a=b'),
    'bad chunks': raw(['POST /par HTTP/1.1', 'host: h', 'transfer-encoding: chunked'], 'xyz\r\n'),
    'no host': raw(['GET /jwks HTTP/1.1']),
    'two hosts': raw(['GET /jwks HTTP/1.1', 'host: a', 'host: b']),
    'enormous header fields': raw(['GET /jwks HTTP/1.1', 'host: h', `x: ${'y'.repeat(40_000)}`]),
    'very many header fields': raw([
      'GET /jwks HTTP/1.1',
      'host: h',
      ...Array.from({ length: 4_000 }, (_, index) => `x${index}: y`),
    ]),
    'a header field without a name': raw(['GET /jwks HTTP/1.1', 'host: h', ': x']),
    'a header field over two lines': raw(['GET /jwks HTTP/1.1', 'host: h', 'x: y', ' z']),
    'a null byte in a header field': raw(['GET /jwks HTTP/1.1', 'host: h', 'x: \0']),
    'bare line feeds': 'GET /jwks HTTP/1.1\nhost: h\n\n',
    'a tunnel': raw(['CONNECT attacker.example:443 HTTP/1.1', 'host: h']),
    'another version': raw(['GET /jwks HTTP/3.7', 'host: h']),
    'an old version': 'GET /jwks\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no HTTP at all': Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10]),
    'the asterisk': raw(['OPTIONS * HTTP/1.1', 'host: h', 'connection: close']),
    'an expectation': raw([
      'POST /par HTTP/1.1',
      'host: h',
      'expect: the-unexpected',
      'content-length: 0',
    ]),
  }
  for (const [what, message] of Object.entries(MESSAGES)) {
    test(`OAU-05 is refused or hung up on: ${what}`, async () => {
      const begun = Date.now()
      const heard = await say(server.site.port, message, 1_500)
      const status = statusOf(heard)
      assert.ok(status === 0 || (status >= 400 && status < 500), heard.slice(0, 300))
      assert.doesNotMatch(heard, /"keys"/)
      assert.ok(Date.now() - begun < PATIENCE_MILLISECONDS + 1_500)
    })
  }
})

test('every kind of refusal can be explained by its event', { concurrency: 2 }, async () => {
  assert.ok(events.size > 8, String(events.size))
  const ids = [...events]
  const explain = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const ran = await signet(['explain', id, '--config', server.site.configFile])
      assert.equal(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, /^Received +\S/m)
      assert.match(ran.stdout, /^Remedy +\S/m)
    }
  }
  await Promise.all([explain(), explain()])
})

test('nothing of it was an error of the server, and no token is in its log', () => {
  assert.doesNotMatch(server.output(), /"level":"(?:error|fatal)"/)
  assert.doesNotMatch(server.output(), /eyJ[\w-]+\.eyJ[\w-]+/)
  assert.ok(!server.output().includes(accessToken))
})

const html = { headers: { accept: 'text/html' } }
const explained = new Set<string>()

/** Keeps one event for each kind of refusal. */
function remember(description: string, event: string): void {
  if (explained.has(description)) return
  explained.add(description)
  if (events.size < 24) events.add(event)
}

async function assertRefused(
  what: string,
  request: () => Promise<Answer>,
  { status, error }: { readonly status: number; readonly error: string },
): Promise<void> {
  const begun = Date.now()
  const answer = await request()
  const { error: code, error_description: description, error_uri: uri } = json(answer)
  assert.equal(answer.status, status, `${what}: ${answer.body}`)
  assert.equal(code, error, `${what}: ${answer.body}`)
  assert.match(String(description), DESCRIPTION, what)
  assert.ok(String(uri).startsWith(`${client.issuer}/errors/`), what)
  assert.match(String(answer.headers['cache-control']), /no-store/, what)
  assert.ok(Date.now() - begun < PATIENCE_MILLISECONDS, `${what} took ${Date.now() - begun} ms`)
  remember(String(description), String(uri))
}

async function assertPage(what: string, { status, headers, body }: Answer): Promise<void> {
  assert.ok(status >= 400 && status < 500, `${what}: ${status}`)
  assert.match(String(headers['content-type']), /^text\/html/, what)
  assert.equal(headers.location, undefined, what)
  assert.match(String(headers['content-security-policy']), /default-src 'none'/, what)
  const event = /id="event-id"[^>]*>([^<]+)</.exec(body)?.[1]
  assert.ok(event, `${what}: no event in ${body}`)
  remember(`page ${status}`, event)
}

function pushBody(): string {
  return new URLSearchParams({
    ...client.request(),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: client.assertion(),
  }).toString()
}

function rawPush(url: URL, fields: readonly string[]): string {
  const body = pushBody()
  const head = [
    'POST /par HTTP/1.1',
    `host: ${url.host}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${body.length}`,
    ...fields,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
