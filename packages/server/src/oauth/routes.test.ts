import { decodeJwt, refusal } from '@signet/protocol'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { cookieHeader, type Received } from '../testing/exchange.ts'
import { serviceOf } from '../testing/service.ts'
import {
  ISSUER,
  PASSWORD,
  pathIn,
  push,
  REDIRECT_URI,
  startRig,
  VERIFIER,
  type Rig,
} from '../testing/rig.ts'
import { clientAnswers } from './answers.ts'

let rig: Rig
before(async () => {
  rig = await startRig()
})
after(() => rig.server.close())

/** From the reference to the code, as a browser does it. */
async function authorize(path: string): Promise<URL> {
  const arrived = await rig.get(path)
  const place = pathIn(arrived)
  const loggedIn = await rig.post(
    `${place}/login`,
    { username: 'alice', password: PASSWORD },
    { cookie: cookieHeader(arrived) },
  )
  const cookie = cookieHeader(arrived, loggedIn)
  const page = await rig.get(place, { cookie })
  const action = /action="([^"]*consent[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&')
  const answer = await rig.post(action ?? '', { decision: 'approve' }, { cookie })
  assert.equal(answer.status, 303)
  return new URL(answer.headers.location ?? '')
}

test('OAU-04 OIDC-11 a flow goes from the pushed request to the claims of the user', async () => {
  const location = await authorize(await push(rig))
  assert.ok(location.href.startsWith(REDIRECT_URI))
  assert.equal(location.searchParams.get('state'), 'st')
  assert.equal(location.searchParams.get('iss'), ISSUER)

  const issued = await rig.post(
    '/token',
    {
      ...rig.credentials(),
      grant_type: 'authorization_code',
      code: location.searchParams.get('code') ?? '',
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
    },
    { dpop: rig.proof(`${ISSUER}/token`) },
  )
  assert.equal(issued.status, 200, issued.body)
  assert.equal(issued.headers['cache-control'], 'no-store')
  assert.equal(issued.headers['content-type'], 'application/json')
  const { access_token: accessToken, token_type: type } = issued.json()
  assert.equal(type, 'DPoP')

  for (const method of ['GET', 'POST']) {
    const dpop = rig.proof(`${ISSUER}/userinfo`, { method, accessToken: String(accessToken) })
    const told = await rig.send('/userinfo', {
      method,
      headers: { authorization: `DPoP ${String(accessToken)}`, dpop },
    })
    assert.equal(told.status, 200, told.body)
    assert.equal(told.json()['name'], 'Alice Example')
  }

  const revoked = await rig.post('/revoke', { ...rig.credentials(), token: String(accessToken) })
  assert.deepEqual([revoked.status, revoked.body], [200, ''])
})

test('PAR-04 a pushed request is answered by 201 and is not cached', async () => {
  const pushed = await rig.post('/par', {
    ...rig.credentials(),
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  assert.equal(pushed.status, 201)
  assert.equal(pushed.json()['expires_in'], 90)
  assert.equal(pushed.headers['content-type'], 'application/json')
  assert.equal(pushed.headers['cache-control'], 'no-store')
})

/** An error as RFC 6749 §5.2 has it, whose event tells why. */
async function assertRefused(answer: Received, status: number, error: string): Promise<string> {
  assert.equal(answer.status, status, answer.body)
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const body = answer.json()
  assert.equal(body['error'], error)
  assert.match(String(body['error_description']), /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/)
  const uri = String(body['error_uri'])
  assert.ok(uri.startsWith(`${ISSUER}/errors/`))
  const event = await rig.store().audit.find(uri.slice(`${ISSUER}/errors/`.length))
  return event?.evidence?.reason ?? 'no event'
}

describe('OAU-05 errors', () => {
  test('OAU-05 401 for a client nobody knows, at every endpoint', async () => {
    for (const path of ['/par', '/token', '/introspect', '/revoke']) {
      const answer = await rig.post(path, { client_id: 'app' })
      assert.notEqual(await assertRefused(answer, 401, 'invalid_client'), 'no event')
    }
  })

  test('OAU-05 400 for everything else', async () => {
    const answer = await rig.post('/token', { ...rig.credentials(), grant_type: 'password' })
    await assertRefused(answer, 400, 'unsupported_grant_type')
  })

  test('OAU-05 a description from outside does not become one of ours', async () => {
    const answer = await rig.post('/token', { ...rig.credentials(), grant_type: 'x"\\\r\nä' })
    await assertRefused(answer, 400, 'unsupported_grant_type')
  })

  for (const contentType of [
    undefined,
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded-not',
    'nonsense',
    '/;;=',
    ';',
  ]) {
    test(`PAR-01 a body of type ${contentType ?? 'none'} is told so by the engine`, async () => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType }
      const answer = await rig.send('/par', { method: 'POST', headers, body: '{"a":1}' })
      assert.equal(await assertRefused(answer, 400, 'invalid_request'), 'content_type_not_form')
    })
  }

  test('PAR-01 two Content-Type fields are none', async () => {
    const form = 'application/x-www-form-urlencoded'
    const headers = { 'content-type': [form, form] }
    const answer = await rig.send('/par', { method: 'POST', headers, body: 'a=b' })
    assert.equal(await assertRefused(answer, 400, 'invalid_request'), 'content_type_not_form')
  })

  test('OAU-01 a parameter that comes twice is seen', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await rig.send('/par', { method: 'POST', headers, body: 'scope=a&scope=b' })
    assert.equal(await assertRefused(answer, 400, 'invalid_request'), 'parameter_repeated')
  })

  test('OAU-05 an empty body is a form without parameters', async () => {
    const answer = await rig.send('/par', { method: 'POST' })
    await assertRefused(answer, 400, 'invalid_request')
  })

  test('OAU-05 bytes that are no UTF-8 are refused', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = Buffer.from([0x61, 0x3d, 0xff, 0xfe])
    const answer = await rig.send('/par', { method: 'POST', headers, body })
    assert.equal(await assertRefused(answer, 400, 'invalid_request'), 'body_not_utf8')
  })

  test('PAR-07 a body over 64 KiB gives 413, and exactly 64 KiB do not', async () => {
    const post = (size: number): Promise<Received> =>
      rig.send('/par', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'x'.repeat(size),
      })
    assert.equal(await assertRefused(await post(65_537), 413, 'invalid_request'), 'body_too_large')
    assert.equal(
      await assertRefused(await post(1_000_000), 413, 'invalid_request'),
      'body_too_large',
    )
    assert.equal(
      await assertRefused(await post(65_536), 400, 'invalid_request'),
      'content_type_not_form',
    )
  })

  test('PAR-07 another method gives 405 and says which are allowed', async () => {
    const table = {
      '/par': ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'],
      '/token': ['GET', 'HEAD', 'OPTIONS'],
      '/introspect': ['GET'],
      '/revoke': ['GET'],
      '/userinfo': ['PUT', 'OPTIONS', 'HEAD'],
      '/jwks': ['POST', 'OPTIONS'],
      '/authorize': ['PUT', 'HEAD'],
      '/interaction/x': ['POST'],
    }
    const allowed: Readonly<Record<string, string>> = {
      '/userinfo': 'GET, POST',
      '/jwks': 'GET, HEAD',
      '/authorize': 'GET, POST',
      '/interaction/x': 'GET',
    }
    for (const [path, methods] of Object.entries(table)) {
      for (const method of methods) {
        const answer = await rig.send(path, { method })
        assert.equal(answer.status, 405, `${method} ${path}`)
        assert.equal(answer.headers.allow, allowed[path] ?? 'POST')
        if (method === 'HEAD') continue
        assert.equal(await assertRefused(answer, 405, 'invalid_request'), 'method_not_allowed')
      }
    }
  })

  test('OAU-05 an address that does not exist gives 404', async () => {
    for (const path of [
      '/nothing',
      '/par/',
      '/PAR',
      '/par/x',
      '/errors',
      '/interaction',
      '//par',
    ]) {
      const answer = await rig.send(path, { method: 'POST', body: 'a=b' })
      assert.equal(await assertRefused(answer, 404, 'invalid_request'), 'path_unknown')
    }
  })

  test('OAU-05 an address that cannot be decoded gives 400', async () => {
    for (const path of ['/%', '/par%zz', '/errors/%ff', `/errors/${'x'.repeat(300)}`]) {
      const answer = await rig.get(path)
      assert.ok([400, 404].includes(answer.status), `${path} ${answer.status}`)
      assert.ok(answer.body !== '' && !answer.body.includes('FST_'))
    }
  })
})

describe('DPOP-PRF-01 header fields that came twice', () => {
  test('DPOP-PRF-01 two DPoP fields are two', async () => {
    const dpop = [rig.proof(`${ISSUER}/par`), rig.proof(`${ISSUER}/par`)]
    const answer = await rig.post('/par', rig.credentials(), { dpop })
    await assertRefused(answer, 400, 'invalid_dpop_proof')
  })

  test('OAU-10 two Authorization fields at userinfo are two', async () => {
    const answer = await rig.send('/userinfo', { headers: { authorization: ['DPoP a', 'DPoP b'] } })
    assert.equal(await assertRefused(answer, 400, 'invalid_request'), 'several_token_presentations')
  })
})

describe('userinfo challenges', () => {
  test('OAU-09 who comes without a token learns how to come, and nothing else', async () => {
    const answer = await rig.get('/userinfo')
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], 'DPoP algs="PS256 ES256 EdDSA Ed25519"')
    assert.equal(answer.body, '')
  })

  test('OAU-09 who comes with a bad token learns why', async () => {
    const answer = await rig.get('/userinfo', { authorization: 'DPoP x', dpop: 'y' })
    await assertRefused(answer, 401, 'invalid_token')
    const challenge = answer.headers['www-authenticate'] ?? ''
    assert.match(
      challenge,
      /^DPoP algs="[^"]+", error="invalid_token", error_description="[^"]+", error_uri="/,
    )
  })

  test('SP-RS-02 a token in the query or the body is refused', async () => {
    const query = await rig.get('/userinfo?access_token=x')
    assert.equal(await assertRefused(query, 400, 'invalid_request'), 'token_in_parameter')
    const body = await rig.post('/userinfo', { access_token: 'x' })
    assert.equal(await assertRefused(body, 400, 'invalid_request'), 'token_in_parameter')
  })

  test('OIDC-11 who came with a good token is not sent for another when only the answer cannot be encrypted', () => {
    const { userinfo } = clientAnswers(serviceOf(ISSUER))
    const lacking = refusal('unauthorized_client', 'the client has no key')
    const answer = userinfo.refused(
      { action: 'refused', refusal: lacking, eventId: 'e' },
      undefined,
    )
    assert.equal(answer.status, 400)
    assert.equal(answer.headers['www-authenticate'], undefined)
    assert.match(answer.body, /"error":"unauthorized_client"/)
  })
})

describe('introspection', () => {
  const SIGNED = 'application/token-introspection+jwt'
  const introspect = (accept?: string): Promise<Received> =>
    rig.post(
      '/introspect',
      { ...rig.credentials(), token: 'x' },
      accept === undefined ? {} : { accept },
    )

  test('X11 challenges a caller it does not know', async () => {
    const answer = await rig.post('/introspect', { token: 'x' })
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], `private_key_jwt realm="${ISSUER}"`)
  })

  test('X11 gives 400 to a caller it does not know that wants a JWT', async () => {
    const answer = await rig.post('/introspect', { token: 'x' }, { accept: SIGNED })
    assert.equal(answer.headers['www-authenticate'], undefined)
    await assertRefused(answer, 400, 'invalid_client')
  })

  test('X11 gives 400 and no challenge to a caller it knows that asks for nothing', async () => {
    const answer = await rig.post('/introspect', rig.credentials())
    assert.equal(answer.headers['www-authenticate'], undefined)
    await assertRefused(answer, 400, 'invalid_request')
  })

  test('INT-05 answers with a JWT of its own type to who asks for one, and to nobody else', async () => {
    const signed = await introspect(SIGNED)
    assert.equal(signed.status, 200)
    assert.equal(signed.headers['content-type'], SIGNED)
    assert.equal(signed.headers['cache-control'], 'no-store')
    const { header, claims } = decodeJwt(signed.body)
    assert.equal(header.typ, 'token-introspection+jwt')
    assert.deepEqual(claims['token_introspection'], { active: false })
    for (const accept of [undefined, '*/*', 'application/json']) {
      const plain = await introspect(accept)
      assert.equal(plain.headers['content-type'], 'application/json')
      assert.deepEqual(plain.json(), { active: false })
    }
  })
})

describe('documents', () => {
  for (const path of [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/jwks',
  ]) {
    test(`META-08 ${path} may be kept for a bounded time, and read by any page`, async () => {
      const answer = await rig.get(path)
      assert.equal(answer.status, 200)
      assert.match(answer.headers['content-type'] ?? '', /^application\/(json|jwk-set\+json)$/)
      const age = Number(/^public, max-age=(\d+)$/.exec(answer.headers['cache-control'] ?? '')?.[1])
      assert.ok(age > 0 && age <= 300)
      assert.equal(answer.headers['access-control-allow-origin'], '*')
      assert.ok(answer.json())
      const head = await rig.send(path, { method: 'HEAD' })
      assert.deepEqual([head.status, head.body], [200, ''])
      assert.equal(head.headers['content-length'], String(Buffer.byteLength(answer.body)))
    })
  }

  test('SP-AS-01 the metadata names this issuer and endpoints that exist', async () => {
    const metadata = (await rig.get('/.well-known/openid-configuration')).json()
    assert.equal(metadata['issuer'], ISSUER)
    for (const [name, url] of Object.entries(metadata)) {
      if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue
      const { pathname } = new URL(String(url))
      assert.notEqual((await rig.get(pathname)).status, 404, name)
    }
  })

  test('the page of an event says what the client was told, and none of the evidence', async () => {
    const refused = await rig.post('/token', { ...rig.credentials(), grant_type: 'password' })
    const { pathname } = new URL(String(refused.json()['error_uri']))
    const page = await rig.get(pathname)
    assert.equal(page.status, 200)
    assert.match(page.body, /unsupported_grant_type/)
    const event = await rig.store().audit.find(pathname.slice('/errors/'.length))
    assert.ok(event?.evidence)
    assert.ok(!page.body.includes(event.evidence.received))
    assert.ok(!page.body.includes(event.evidence.remedy))
  })

  test('REV-03 a revoked token is in the status list it names, which anybody may read and no cache may keep', async () => {
    const form = { ...rig.credentials(), grant_type: 'client_credentials', scope: 'accounts' }
    const issued = await rig.post('/token', form, { dpop: rig.proof(`${ISSUER}/token`) })
    const token = String(issued.json()['access_token'])
    await rig.post('/revoke', { ...rig.credentials(), token })
    const { status } = decodeJwt(token).claims
    const [, path = ''] = /"uri":"https:\/\/as\.example([^"]+)"/.exec(JSON.stringify(status)) ?? []
    assert.match(path, /^\/status-lists\/\d+$/)

    const list = await rig.get(path)
    assert.equal(list.status, 200)
    assert.equal(list.headers['content-type'], 'application/statuslist+jwt')
    assert.equal(list.headers['cache-control'], 'public, max-age=0')
    assert.equal(list.headers['access-control-allow-origin'], '*')
    const { header, claims } = decodeJwt(list.body)
    assert.equal(header.typ, 'statuslist+jwt')
    assert.equal(claims['sub'], `${ISSUER}${path}`)
    const { lst } = Object(claims['status_list'])
    const { idx } = Object(Object(status).status_list)
    const bytes = inflateSync(Buffer.from(String(lst), 'base64url'))
    assert.equal(((bytes[idx >> 3] ?? 0) >> (idx & 7)) & 1, 1)
  })

  test('a status list nobody names does not exist', async () => {
    for (const number of ['7', '00', '-1', '1e3', '0x0', '9'.repeat(30), '%30', '..%2fjwks']) {
      const answer = await rig.get(`/status-lists/${number}`)
      assert.equal(answer.status, number === '%30' ? 200 : 404, number)
    }
  })

  test('an event that does not exist, or is no refusal, has no page', async () => {
    await rig
      .store()
      .audit.record({ id: 'login1', at: 0, kind: 'login', step: 'login', subject: 's' })
    for (const id of ['unknown', 'login1', '%2e%2e%2f', '__proto__']) {
      const page = await rig.get(`/errors/${id}`, { accept: 'text/html' })
      assert.equal(page.status, 404, id)
    }
  })

  test('the home page and what it is made of are there', async () => {
    const page = await rig.get('/')
    assert.equal(page.status, 200)
    const assets = [...page.body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      ([, path]) => path,
    )
    assert.ok(assets.length > 0)
    for (const path of assets) {
      const answer = await rig.get(path ?? '')
      assert.equal(answer.status, 200)
      assert.match(answer.headers['cache-control'] ?? '', /immutable/)
      assert.match(answer.headers['content-type'] ?? '', /^(text\/css|image\/svg)/)
    }
    assert.equal((await rig.get('/assets/..%2f..%2findex.ts')).status, 404)
  })
})
