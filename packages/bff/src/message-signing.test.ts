import {
  encryptJwt,
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
  importEncryptionKeys,
  importPublicJwk,
  readRequestObject,
  verifyRequestObject,
  type Algorithm,
  type DecryptionKey,
  type JsonObject,
} from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BffOptions, ClientOptions } from './config/options.ts'
import { clientCertificate } from './testing/certificates.ts'
import { json } from './testing/scripted-authority.ts'
import { serve } from './testing/serve.ts'
import { jsonOf, openStage, type Stage, type StageOptions } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

const PROFILE = { profile: 'fapi2-message-signing' } as const
const COOKIE = '__Host-Http-bank'

const signing = generateSigningKey('ES256')
const CLIENT: ClientOptions = { client_id: 'bank', keys: [exportPrivateJwk(signing)] }

const now = (): number => Math.floor(Date.now() / 1_000)

/** A stage where everything is signed. */
function openSigned(bff: Partial<BffOptions> = {}, options: StageOptions = {}): Promise<Stage> {
  return openStage({ ...options, bff: { ...PROFILE, client: CLIENT, ...bff } })
}

async function isLoggedIn(stage: Stage, browser: TestBrowser): Promise<unknown> {
  return jsonOf(await browser.call(`${stage.origin}/bff/user`))['authenticated']
}

/** The request object that was pushed last. */
async function requestObject({ authority }: Stage): ReturnType<Stage['authority']['readRequest']> {
  return authority.readRequest(authority.calls('/par').at(-1)?.form.get('request') ?? '')
}

describe('a signed request', () => {
  test('MS-JAR-07 holds all parameters, and the form beside it says only who sends it', async () => {
    await using stage = await openSigned({ requestedClaims: { id_token: { email: null } } })
    const location = new URL(await stage.begin(new TestBrowser()))
    assert.deepEqual([...location.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
    const [pushed] = stage.authority.calls('/par')
    assert.deepEqual([...(pushed?.form.keys() ?? [])].toSorted(), [
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'request',
    ])
    const { claims } = await requestObject(stage)
    assert.deepEqual(Object.keys(claims).toSorted(), [
      'aud',
      'claims',
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'exp',
      'iat',
      'iss',
      'jti',
      'nbf',
      'nonce',
      'redirect_uri',
      'response_mode',
      'response_type',
      'scope',
      'state',
    ])
    assert.deepEqual(claims['claims'], { id_token: { email: null } })
  })

  test('MS-JAR-07 has the client_id alone beside it where the connection says who sends it', async () => {
    const { certificate, key } = await clientCertificate('bank')
    const tls = { certificate, key }
    await using stage = await openSigned({
      client: { ...CLIENT, tls, authentication: 'tls_client_auth' },
    })
    await stage.begin(new TestBrowser())
    const [pushed] = stage.authority.calls('/par')
    assert.deepEqual([...(pushed?.form.keys() ?? [])].toSorted(), ['client_id', 'request'])
    assert.deepEqual(stage.authority.problems, [])
  })

  test('MS-JAR-08 is for its server, from now on and for an hour at most', async () => {
    await using stage = await openSigned()
    await stage.begin(new TestBrowser())
    const { aud, iss, nbf, exp } = (await requestObject(stage)).claims
    assert.deepEqual([aud, iss], [stage.authority.issuer, 'bank'])
    assert.ok(Number(nbf) <= now() && Number(nbf) > now() - 10, String(nbf))
    assert.ok(Number(exp) > now() && Number(exp) - Number(nbf) <= 3_600, String(exp))
  })

  test('MS-JAR-09 says what it is', async () => {
    await using stage = await openSigned()
    await stage.begin(new TestBrowser())
    assert.equal((await requestObject(stage)).header.typ, 'oauth-authz-req+jwt')
  })

  test('JAR-07 has no sub: nobody can use it to authenticate', async () => {
    await using stage = await openSigned()
    await stage.begin(new TestBrowser())
    assert.equal('sub' in (await requestObject(stage)).claims, false)
  })

  test('MS-JAR-07 is what a strict server takes, whatever key signs it', async () => {
    for (const algorithm of ['ES256', 'PS256', 'Ed25519', 'EdDSA'] satisfies Algorithm[]) {
      const key = generateSigningKey(algorithm)
      const client = { client_id: 'bank', keys: [exportPrivateJwk(key)] }
      await using stage = await openSigned({ client })
      await stage.begin(new TestBrowser())
      const request = stage.authority.calls('/par')[0]?.form.get('request') ?? ''
      const { claims } = verifyRequestObject(readRequestObject(request), {
        issuer: stage.authority.issuer,
        clientId: 'bank',
        now: now(),
        registeredAlgorithm: algorithm,
        keys: [importPublicJwk(key.publicJwk)],
      })
      assert.equal(claims['scope'], 'openid accounts')
    }
  })

  test('MS-JARM-03 asks for a signed response, by the name of the profile', async () => {
    await using stage = await openSigned()
    await stage.begin(new TestBrowser())
    assert.equal((await requestObject(stage)).claims['response_mode'], 'jwt')
  })

  test('MS-JARM-03 so does a request that is not signed', async () => {
    await using stage = await openStage({ bff: { signedResponse: true } })
    await stage.begin(new TestBrowser())
    const [pushed] = stage.authority.calls('/par')
    assert.equal(pushed?.form.get('response_mode'), 'jwt')
    assert.equal(pushed.form.has('request'), false)
  })

  test('is not made, and no signed response asked for, without the profile', async () => {
    await using stage = await openStage()
    await stage.begin(new TestBrowser())
    const [pushed] = stage.authority.calls('/par')
    assert.deepEqual(
      [pushed?.form.has('request'), pushed?.form.has('response_mode')],
      [false, false],
    )
  })

  test('is encrypted to the key of the server, where configured, and signed all the same', async () => {
    const requestObjectEncryption = { alg: 'ECDH-ES', enc: 'A256GCM' } as const
    await using stage = await openSigned({ requestObjectEncryption })
    const browser = new TestBrowser()
    await stage.logIn(browser)
    assert.equal(await isLoggedIn(stage, browser), true)
    const [pushed] = stage.authority.calls('/par')
    const jwe = pushed?.form.get('request') ?? ''
    const header: unknown = JSON.parse(
      Buffer.from(jwe.split('.', 1)[0] ?? '', 'base64url').toString(),
    )
    const { alg, enc, kid } = { kid: undefined, ...requestObjectEncryption, ...Object(header) }
    const { kid: expected } = stage.authority.decryptionKey
    assert.deepEqual([alg, enc, kid], ['ECDH-ES', 'A256GCM', expected])
    const jwt = await requestObject(stage)
    const context = { issuer: stage.authority.issuer, clientId: 'bank', now: now() }
    verifyRequestObject(jwt, { ...context, keys: [importPublicJwk(signing.publicJwk)] })
  })

  test('is encrypted to a key that the server has only since a moment ago', async () => {
    const requestObjectEncryption = { alg: 'ECDH-ES', enc: 'A256GCM' } as const
    await using stage = await openSigned({ requestObjectEncryption })
    stage.authority.faults.set('/jwks', (_request, response) =>
      json(response, 200, { keys: [stage.authority.key.publicJwk] }),
    )
    const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
    assert.equal(answer.status, 503)
    stage.authority.faults.delete('/jwks')
    stage.clock.advance(11)
    await stage.begin(new TestBrowser())
    assert.equal(stage.authority.calls('/par').length, 1)
  })

  test('is not sent at all where it cannot be encrypted', async () => {
    const requestObjectEncryption = { alg: 'RSA-OAEP-256', enc: 'A256GCM' } as const
    await using stage = await openSigned({ requestObjectEncryption })
    const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
    assert.equal(answer.status, 503)
    assert.deepEqual(stage.authority.calls('/par'), [])
  })
})

/** How a stranger, or a server that is broken, comes back from the authorization server. */
type Spoil = (stage: Stage, good: Readonly<Record<string, string>>) => string | URLSearchParams

const claimed =
  (claims: JsonObject, header: JsonObject = {}): Spoil =>
  ({ authority }, good) =>
    authority.signedResponse({ ...good, ...claims }, header)

const REFUSED: Readonly<Record<string, Spoil>> = {
  'MS-JARM-04 that is not signed': (_stage, good) => new URLSearchParams(good),
  'MS-JARM-04 that is signed with none': claimed({}, { alg: 'none' }),
  'MS-JARM-04 that is signed with RS256': claimed({}, { alg: 'RS256' }),
  'MS-JARM-04 that somebody else signed': ({ authority }, good) =>
    authority.signedResponse(good, { kid: authority.key.kid }, generateSigningKey('ES256')),
  'MS-JARM-04 that the client itself signed': ({ authority }, good) =>
    authority.signedResponse(good, {}, signing),
  'JARM-04 of another issuer': claimed({ iss: 'https://evil.example' }),
  'JARM-04 of no issuer': claimed({ iss: undefined }),
  'JARM-04 for another client': claimed({ aud: 'shop' }),
  'JARM-04 for nobody': claimed({ aud: undefined }),
  'JARM-04 that has expired': claimed({ exp: now() - 60 }),
  'JARM-04 that never expires': claimed({ exp: undefined }),
  'MS-JARM-04 with plain parameters beside it, where it is no good': (stage, good) => {
    const query = new URLSearchParams(good)
    query.set('response', stage.authority.signedResponse({ ...good, aud: 'shop' }))
    return query
  },
  'MS-JARM-04 that comes twice': ({ authority }, good) => {
    const response = authority.signedResponse(good)
    return new URLSearchParams([
      ['response', response],
      ['response', response],
    ])
  },
  'JWT-09 that is an ID token': claimed({ sub: 'alice', nonce: 'n', code: undefined }),
  'JWT-09 that is an access token': claimed({ sub: 'alice', scope: 'x' }, { typ: 'at+jwt' }),
}

describe('a response', () => {
  for (const [title, spoil] of Object.entries(REFUSED)) {
    test(`${title} is refused, and uses nothing up`, async () => {
      await using stage = await openSigned()
      const browser = new TestBrowser()
      const location = await stage.begin(browser)
      const plain = stage.authority.back(location)
      const spoilt = spoil(stage, Object.fromEntries(plain.searchParams))
      const query = typeof spoilt === 'string' ? new URLSearchParams({ response: spoilt }) : spoilt
      const url = new URL(`${plain.origin}${plain.pathname}?${query.toString()}`)
      const answer = await browser.open(url, 'cross-site')
      assert.equal(answer.status, 400, answer.body)
      assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
      assert.deepEqual(stage.authority.calls('/token'), [])
      assert.ok(stage.events.some(({ type }) => type === 'validation_failed'))
      // What anybody can send must not end the login of the person.
      const good = await browser.open(await stage.authority.answer(location), 'cross-site')
      assert.equal(good.status, 200, good.body)
    })
  }

  test('ISS-06 counts alone: what stands beside it is not the word of the server', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    const url = await stage.authority.answer(await stage.begin(browser))
    for (const [name, value] of Object.entries({
      iss: 'https://evil.example',
      code: 'stolen',
      state: 'another',
      error: 'access_denied',
    })) {
      url.searchParams.set(name, value)
    }
    const answer = await browser.open(url, 'cross-site')
    assert.equal(answer.status, 200, answer.body)
    assert.notEqual(stage.authority.calls('/token')[0]?.form.get('code'), 'stolen')
  })

  test('SP-CF-10 that is replayed finds no login, here or in another browser', async () => {
    await using stage = await openSigned()
    const [browser, thief] = [new TestBrowser(), new TestBrowser()]
    const url = await stage.authority.answer(await stage.begin(browser))
    assert.equal((await thief.open(url, 'cross-site')).status, 400)
    assert.equal((await browser.open(url, 'cross-site')).status, 200)
    for (const each of [browser, thief]) {
      assert.equal((await each.open(url, 'cross-site')).status, 400)
    }
    assert.equal(stage.authority.calls('/token').length, 1)
  })

  test('JARM-04 that says no is believed too, when it is signed', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    const location = await stage.begin(browser)
    const url = await stage.authority.answer(location, { code: undefined, error: 'access_denied' })
    assert.equal((await browser.open(url, 'cross-site')).status, 400)
    const [failed] = stage.events.flatMap((event) =>
      event.type === 'login_failed' ? [event.reason] : [],
    )
    assert.equal(failed, 'access_denied')
  })

  test('JARM-05 of another issuer asks nobody for keys', async () => {
    const asked: unknown[] = []
    const evil = await serve((request, response) => {
      asked.push(request.url)
      response.writeHead(404).end()
    })
    await using stage = await openSigned()
    const browser = new TestBrowser()
    const back = stage.authority.back(await stage.begin(browser))
    const good = Object.fromEntries(back.searchParams)
    const response = stage.authority.signedResponse({ ...good, iss: evil.origin })
    const url = `${back.origin}${back.pathname}?response=${response}`
    assert.equal((await browser.open(url, 'cross-site')).status, 400)
    await evil.close()
    assert.deepEqual([asked, stage.authority.calls('/jwks')], [[], []])
  })
})

describe('an ID token', () => {
  const stranger = generateSigningKey('ES256')

  test('MS-IDT-01 of a login counts only with its signature', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    const location = await stage.begin(browser)
    stage.authority.idTokenKey = stranger
    stage.authority.idTokenHeader = { kid: stage.authority.key.kid }
    const answer = await browser.open(await stage.authority.answer(location), 'cross-site')
    assert.equal(answer.status, 400)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
  })

  test('MS-IDT-01 of a refresh counts only with its signature', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    await stage.logIn(browser)
    const idToken = (key: typeof stranger): string => {
      const claims = { iss: stage.authority.issuer, sub: 'alice', aud: 'bank', iat: now() }
      const header = { alg: 'ES256', kid: stage.authority.key.kid }
      return forge(header, { ...claims, exp: now() + 60 }, key)
    }
    for (const [key, status] of [
      [stranger, 503],
      [stage.authority.key, 200],
    ] as const) {
      stage.clock.advance(400)
      stage.authority.tokenAnswer = { id_token: idToken(key) }
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, status)
    }
  })
})

describe('a key that the server signs with since a moment ago', () => {
  /** From now on the server signs with another key, and publishes both. */
  function rotate({ authority }: Stage): void {
    const next = generateSigningKey('ES256')
    authority.idTokenKey = next
    authority.faults.set('/jwks', (_request, response) =>
      json(response, 200, { keys: [authority.key.publicJwk, next.publicJwk] }),
    )
  }

  test('MS-IDT-01 is asked for when an ID token names it, and costs no login', async () => {
    await using stage = await openSigned()
    await stage.logIn(new TestBrowser())
    const before = stage.authority.calls('/jwks').length
    rotate(stage)
    await stage.logIn(new TestBrowser())
    await stage.logIn(new TestBrowser())
    assert.equal(stage.authority.calls('/jwks').length, before + 1)
  })

  test('MS-JARM-04 is asked for when a response names it, but not as often as strangers like', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    await stage.logIn(browser)
    const before = stage.authority.calls('/jwks').length
    const forged = generateSigningKey('ES256')
    stage.clock.advance(10)
    for (let at = 0; at < 3; at++) {
      const back = stage.authority.back(await stage.begin(browser))
      const claims = Object.fromEntries(back.searchParams)
      const response = stage.authority.signedResponse(claims, {}, forged)
      const url = `${back.origin}${back.pathname}?response=${response}`
      assert.equal((await browser.open(url, 'cross-site')).status, 400)
    }
    assert.equal(stage.authority.calls('/jwks').length, before + 1)
    rotate(stage)
    stage.clock.advance(10)
    const back = stage.authority.back(await stage.begin(browser))
    const claims = Object.fromEntries(back.searchParams)
    const response = stage.authority.signedResponse(claims, {}, stage.authority.idTokenKey)
    const url = `${back.origin}${back.pathname}?response=${response}`
    assert.equal((await browser.open(url, 'cross-site')).status, 200)
    assert.equal(stage.authority.calls('/jwks').length, before + 2)
  })
})

describe('what is encrypted for the client', () => {
  const keys = {
    'ECDH-ES': generateEncryptionKey('ECDH-ES'),
    'RSA-OAEP-256': generateEncryptionKey('RSA-OAEP-256'),
  }
  const decryptionKeys = Object.values(keys).map(exportDecryptionJwk)
  const bff: Partial<BffOptions> = { client: { ...CLIENT, decryptionKeys }, userinfo: true }

  const sealedTo =
    ({ algorithm, publicJwk }: DecryptionKey) =>
    (jwt: string): Promise<string> =>
      encryptJwt(jwt, {
        alg: algorithm,
        enc: 'A128CBC-HS256',
        keys: importEncryptionKeys({ keys: [publicJwk] }).keys,
      })

  for (const [alg, key] of Object.entries(keys)) {
    test(`is read, with ${alg}: response, ID token and claims`, async () => {
      await using stage = await openSigned(bff)
      stage.authority.wrap = sealedTo(key)
      const claims = {
        iss: stage.authority.issuer,
        aud: 'bank',
        sub: 'alice',
        email: 'a@b.example',
      }
      const header = { alg: 'ES256', kid: stage.authority.key.kid }
      stage.authority.faults.set('/userinfo', async (_request, response) => {
        const jwe = await stage.authority.wrap(forge(header, claims, stage.authority.key))
        response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwe)
      })
      stage.authority.metadata = { userinfo_signing_alg_values_supported: ['ES256'] }
      const browser = new TestBrowser()
      await stage.logIn(browser)
      const user = jsonOf(await browser.call(`${stage.origin}/bff/user`))
      assert.equal(Object(user['claims']).email, 'a@b.example')
      assert.equal(Object(user['claims']).name, 'Alice Example')
    })
  }

  test('goes back to the server as a hint that it can read', async () => {
    await using stage = await openSigned(bff)
    stage.authority.wrap = sealedTo(keys['ECDH-ES'])
    const browser = new TestBrowser()
    await stage.logIn(browser)
    const logout = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
    const next = await browser.open(stage.origin + String(jsonOf(logout)['logoutUrl']))
    const hint = new URL(next.headers.location ?? '').searchParams.get('id_token_hint')
    assert.match(hint ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  const spoilt: Readonly<Record<string, (stage: Stage) => (jwt: string) => Promise<string>>> = {
    'for somebody else': () => sealedTo(generateEncryptionKey('ECDH-ES')),
    'and not signed': () => async (jwt) => {
      const [, claims = ''] = jwt.split('.')
      return sealedTo(keys['ECDH-ES'])(Buffer.from(claims, 'base64url').toString())
    },
    'and signed by nobody': () => async (jwt) => {
      const [, claims = ''] = jwt.split('.')
      const header = Buffer.from('{"alg":"none"}').toString('base64url')
      return sealedTo(keys['ECDH-ES'])(`${header}.${claims}.`)
    },
    'and signed by a stranger': ({ authority }) => {
      const key = generateSigningKey('ES256')
      return async (jwt) => {
        const [, claims = ''] = jwt.split('.')
        const header = { alg: 'ES256', kid: authority.key.kid }
        return sealedTo(keys['ECDH-ES'])(
          forge(header, Buffer.from(claims, 'base64url').toString(), key),
        )
      }
    },
    twice: () => async (jwt) => sealedTo(keys['ECDH-ES'])(await sealedTo(keys['ECDH-ES'])(jwt)),
  }
  for (const [title, wrapOf] of Object.entries(spoilt)) {
    test(`JWT-02 is not believed when it is encrypted ${title}`, async () => {
      for (const part of ['response', 'ID token']) {
        await using stage = await openSigned(bff)
        const browser = new TestBrowser()
        const location = await stage.begin(browser)
        if (part === 'response') stage.authority.wrap = wrapOf(stage)
        const url = await stage.authority.answer(location)
        stage.authority.wrap = wrapOf(stage)
        const answer = await browser.open(url, 'cross-site')
        assert.equal(answer.status, 400, `${part}: ${answer.body}`)
        assert.equal(await stage.store.count(stage.clock.now()), 0)
        assert.equal(stage.authority.calls('/token').length, part === 'response' ? 0 : 1)
      }
    })
  }

  test('is not believed where the client has no key at all', async () => {
    await using stage = await openSigned()
    const browser = new TestBrowser()
    const url = await stage.authority.answer(await stage.begin(browser))
    stage.authority.wrap = sealedTo(keys['ECDH-ES'])
    const refused: Answer = await browser.open(url, 'cross-site')
    assert.equal(refused.status, 400)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
  })
})
