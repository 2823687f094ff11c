import { challengeOf } from '@signet/protocol'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { after, describe, test } from 'node:test'
import type { SecureContextOptions } from 'node:tls'
import { Misconfigured } from './config/misconfigured.ts'
import { createCore } from './core.ts'
import { answerOf, createOutgoing, type Outgoing } from './oauth/outgoing.ts'
import { TEST_CA, TEST_SERVER } from './testing/certificates.ts'
import { sampleOptions } from './testing/sample-options.ts'
import { jsonOf, openStage, type Stage } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

/** Everything the BFF asked the authorization server for, but for metadata and keys. */
function asked({ authority }: Stage): readonly string[] {
  return authority.received
    .map(({ path }) => path)
    .filter((path) => path !== '/jwks' && !path.startsWith('/.well-known/'))
}

async function nameOf(stage: Stage, browser: TestBrowser): Promise<unknown> {
  return Object(jsonOf(await browser.call(`${stage.origin}/bff/user`))['claims']).sub
}

describe('what the BFF sends to the authorization server', () => {
  test('SP-CL-01 carries proofs of one key, with the tokens it leads to and in each call with them', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    await stage.logIn(browser)
    await browser.call(`${stage.origin}/api/x`)
    const proofs = [
      ...['/par', '/token'].map((path) => stage.authority.calls(path)[0]?.request.headers['dpop']),
      stage.api.calls[0]?.headers['dpop'],
    ]
    const keys = proofs.map((proof) => {
      const [header = ''] = String(proof).split('.', 1)
      return String(JSON.parse(Buffer.from(header, 'base64url').toString()).jwk.x)
    })
    assert.deepEqual([new Set(keys).size, keys[0]?.length], [1, 43])
    assert.equal(stage.api.calls[0]?.headers.authorization, 'DPoP token-1')
  })

  test('PAR-15 names the client, and no request_uri', async () => {
    await using stage = await openStage()
    await stage.begin(new TestBrowser())
    const [pushed] = stage.authority.calls('/par')
    assert.equal(pushed?.form.get('client_id'), 'bank')
    assert.equal(pushed.form.has('request_uri'), false)
  })

  test('PAR-16 is pushed anew for each attempt, also after one that failed', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const first = await stage.begin(browser)
    const failed = stage.authority.back(first, { code: undefined, error: 'access_denied' })
    await browser.open(failed, 'cross-site')
    const links = [first, await stage.begin(browser), await stage.begin(browser)]
    const requestUris = links.map((link) => new URL(link).searchParams.get('request_uri'))
    assert.equal(new Set(requestUris).size, 3)
    assert.equal(stage.authority.calls('/par').length, 3)
  })

  test('PKCE-01 PKCE-02 is tied together by a verifier that nobody can guess, new each time', async () => {
    await using stage = await openStage()
    for (let time = 0; time < 2; time += 1) await stage.logIn(new TestBrowser())
    const verifiers = stage.authority.calls('/token').map(({ form }) => form.get('code_verifier'))
    const challenges = stage.authority.calls('/par').map(({ form }) => form.get('code_challenge'))
    assert.equal(new Set(verifiers).size, 2)
    for (const [at, verifier] of verifiers.entries()) {
      assert.match(verifier ?? '', /^[A-Za-z0-9._~-]{43,128}$/)
      assert.equal(challenges[at], challengeOf(verifier ?? ''))
    }
  })
})

describe('the one authorization server', () => {
  test('SP-CL-10 is the one of the configuration, whatever a browser asks for', async () => {
    await using stage = await openStage()
    await using other = await openStage()
    const evil = encodeURIComponent(other.authority.issuer)
    for (const query of [`issuer=${evil}`, `iss=${evil}`, `authority=${evil}`]) {
      const url = `${stage.origin}/bff/login?returnUrl=/&${query}`
      const { status, headers } = await new TestBrowser().open(url)
      assert.ok([303, 400].includes(status))
      if (status === 303) assert.ok(headers.location?.startsWith(stage.authority.issuer))
    }
    assert.deepEqual(other.authority.received, [])
  })

  test('PRM-04 is not the one that an API names', async () => {
    await using stage = await openStage()
    await using other = await openStage()
    const browser = new TestBrowser()
    await stage.logIn(browser)
    stage.api.handler = (_request, response) => {
      const place = `${other.authority.issuer}/.well-known/oauth-protected-resource`
      response.setHeader(
        'www-authenticate',
        `DPoP error="invalid_token", resource_metadata="${place}"`,
      )
      response.writeHead(401).end()
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.equal(JSON.stringify(answer).includes(other.authority.issuer), false)
    assert.deepEqual(other.authority.received, [])
    assert.ok((await stage.begin(browser)).startsWith(stage.authority.issuer))
  })

  test('BCP-03 has its answers taken for its own logins only, though both servers are honest', async () => {
    await using stage = await openStage()
    await using other = await openStage()
    const browser = new TestBrowser()
    const link = await stage.begin(browser)
    const back = stage.authority.back(link, { iss: other.authority.issuer })
    assert.equal((await browser.open(back, 'cross-site')).status, 400)
    const straight = new TestBrowser()
    const elsewhere = stage.authority.back(await stage.begin(straight))
    const mixedUp = new URL(other.origin + elsewhere.pathname + elsewhere.search)
    assert.equal((await straight.open(mixedUp, 'cross-site')).status, 400)
    for (const { authority } of [stage, other]) assert.deepEqual(authority.calls('/token'), [])
  })

  test('META-03 has metadata in its own name, letter by letter', async () => {
    for (const spoil of [
      (issuer: string) => issuer.toUpperCase(),
      (issuer: string) => `${issuer}/`,
      (issuer: string) => issuer.replace('localhost', '127.0.0.1'),
      () => undefined,
    ]) {
      await using stage = await openStage()
      stage.authority.metadata = { issuer: spoil(stage.authority.issuer) }
      const { status } = await new TestBrowser().open(`${stage.origin}/bff/login`)
      assert.equal(status, 503)
      assert.deepEqual(asked(stage), [])
    }
  })

  test('SP-NET-01 SP-CR-08 is asked over TLS only, whatever its metadata says', async () => {
    for (const name of [
      'authorization_endpoint',
      'token_endpoint',
      'pushed_authorization_request_endpoint',
      'jwks_uri',
    ]) {
      await using stage = await openStage()
      stage.authority.metadata = { [name]: 'http://localhost:1/' }
      const { status } = await new TestBrowser().open(`${stage.origin}/bff/login`)
      assert.equal(status, 503, name)
      assert.deepEqual(asked(stage), [], name)
    }
  })

  test('SP-NET-01 is not followed to where it redirects', async () => {
    await using stage = await openStage()
    await using other = await openStage()
    const browser = new TestBrowser()
    const link = await stage.begin(browser)
    stage.authority.faults.set('/token', (_request, response) => {
      response.writeHead(307, { location: `${other.authority.issuer}/token` }).end()
    })
    const answer = await browser.open(stage.authority.back(link), 'cross-site')
    assert.ok(answer.status >= 400)
    assert.deepEqual(other.authority.received, [])
  })
})

test('AM-X2 people in two browsers stay apart, whatever one does', async () => {
  await using stage = await openStage()
  const [alice, bob] = [new TestBrowser(), new TestBrowser()]
  await stage.logIn(alice)
  stage.authority.idToken = { sub: 'bob' }
  await stage.logIn(bob)
  assert.deepEqual([await nameOf(stage, alice), await nameOf(stage, bob)], ['alice', 'bob'])
  const call = (browser: TestBrowser): Promise<Answer> => browser.call(`${stage.origin}/api/x`)
  await Promise.all([call(alice), call(bob), call(alice), call(bob)])
  const count = (token: string): number =>
    stage.api.calls.filter(({ headers }) => headers.authorization === `DPoP ${token}`).length
  assert.deepEqual([count('token-1'), count('token-2')], [2, 2])
  await stage.logIn(alice)
  assert.deepEqual([await nameOf(stage, alice), await nameOf(stage, bob)], ['bob', 'bob'])
})

describe('SP-PROF-01 no option takes back what the profile asks for:', () => {
  for (const option of [
    { dpop: false },
    { tokenType: 'Bearer' },
    { pkce: false },
    { par: false },
    { clientSecret: 'secret' },
    { checkIssuer: false },
    { rejectUnauthorized: false },
    { algorithms: ['RS256'] },
  ]) {
    test(`${Object.keys(option)[0]} is refused`, () => {
      assert.throws(() => createCore({ ...sampleOptions(), ...option }), Misconfigured)
    })
  }
})

describe('a connection that the BFF opens', () => {
  const servers: Server[] = []
  const outgoing = createOutgoing({ ca: TEST_CA })
  after(() => {
    for (const server of servers) server.close()
    outgoing.close()
  })

  /** Serves a page with these rules of TLS. @returns where */
  async function serveWith(options: SecureContextOptions): Promise<URL> {
    const server = createServer({ ...TEST_SERVER, ...options }, (_, response) => response.end('x'))
    servers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return new URL(`https://localhost:${address.port}/`)
  }

  async function statusFrom(url: URL, way: Outgoing = outgoing): Promise<number | undefined> {
    const request = way.open(url, { method: 'GET', headers: {}, alone: true })
    request.end()
    const incoming = await answerOf(request)
    incoming.resume()
    return incoming.statusCode
  }

  test('SP-NET-02 SP-NET-03 speaks TLS 1.2 or newer, and the suites that are recommended', async () => {
    for (const options of [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    ] as const) {
      await assert.rejects(statusFrom(await serveWith(options)))
    }
    const modern = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const
    assert.equal(await statusFrom(await serveWith(modern)), 200)
  })

  test('SP-NET-05 is to whom the certificate names, and somebody we trust vouches for it', async () => {
    const url = await serveWith({})
    assert.equal(await statusFrom(url), 200)
    const stranger = createOutgoing({})
    await assert.rejects(statusFrom(url, stranger), /certificate/)
    stranger.close()
    await assert.rejects(statusFrom(new URL(`https://127.0.0.1:${url.port}/`)), /altnames/)
  })
})
