import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFrontends, type Route } from '../config/settings.ts'
import { sampleFrontend, sampleOptions } from '../testing/sample-options.ts'
import type { RouteOptions } from '../config/options.ts'
import { challengeError, parseChallenges, stepUpOf } from './challenge.ts'
import { requestHeaders, responseHeaders } from './headers.ts'
import { createNonces } from '../oauth/nonces.ts'

const routeWith = (members: Partial<RouteOptions> = {}): Route => {
  const routes = [
    { match: '/api/', target: 'https://api.example/', token: 'user' as const, ...members },
  ]
  const [app] = readFrontends(sampleOptions({ frontends: [sampleFrontend({ routes })] }))
  const route = app?.routes[0]
  assert.ok(route !== undefined)
  return route
}
const nowhere = (): undefined => undefined

test('BFF-02 BFF-09 nothing passes to an API that it could take for ours', () => {
  const names =
    'cookie authorization dpop host x-csrf origin referer connection keep-alive te trailer transfer-encoding upgrade expect proxy-authorization proxy-connection via forwarded ' +
    'x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-client-cert x-real-ip x-original-url x-rewrite-url x-http-method-override client-cert ssl-client-cert ' +
    'x-remote-user remote-user x-user-id x-auth-request-email x-amzn-oidc-data sec-fetch-site x-fapi-customer-ip-address content-length whatever'
  const incoming = Object.fromEntries(names.split(' ').map((name) => [name, 'x']))
  assert.deepEqual(requestHeaders(incoming, routeWith()), {})
})

test('what describes the content and what it is for passes, and what the route names', () => {
  const incoming = { 'content-type': 'a/b', accept: 'c/d', 'x-tenant': '7', 'x-other': '8' }
  assert.deepEqual(requestHeaders(incoming, routeWith({ requestHeaders: ['x-tenant'] })), {
    'content-type': 'a/b',
    accept: 'c/d',
    'x-tenant': '7',
  })
})

test('an API has no say over the origin of the app', () => {
  const incoming = {
    'set-cookie': ['__Host-Http-app=stolen'],
    'clear-site-data': '"*"',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'strict-transport-security': 'max-age=0',
    'content-security-policy': 'default-src *',
    'service-worker-allowed': '/',
    refresh: '0;url=https://evil.example',
    nel: '{"report_to":"evil","max_age":1}',
    'accept-ch': 'Sec-CH-UA-Model',
    'critical-ch': 'Sec-CH-UA-Model',
    'secure-session-registration': '(ES256);path="/api/x"',
    'sec-session-registration': '(ES256);path="/api/x"',
    'cross-origin-opener-policy': 'unsafe-none',
    'attribution-reporting-register-source': '{}',
    'activate-storage-access': 'load',
    'origin-trial': 'token',
    'set-login': 'logged-in',
    'use-as-dictionary': 'match="/*"',
    location: 'https://evil.example',
    'www-authenticate': 'Basic',
    'dpop-nonce': 'n',
    connection: 'close, x-hop',
    'x-hop': '1',
    'transfer-encoding': 'chunked',
    'content-type': 'text/plain',
    etag: '"1"',
  }
  assert.deepEqual(responseHeaders(incoming, routeWith(), nowhere), {
    'content-type': 'text/plain',
    etag: '"1"',
    'cache-control': 'no-store',
  })
})

test('what was fetched with a token is not for shared caches', () => {
  const policy = (value: string, token: 'user' | 'none'): unknown =>
    responseHeaders({ 'cache-control': value }, routeWith({ token }), nowhere)['cache-control']
  assert.equal(policy('public, max-age=60', 'user'), 'no-store')
  assert.equal(policy('max-age=60', 'user'), 'no-store')
  assert.equal(policy('private, max-age=60', 'user'), 'private, max-age=60')
  assert.equal(policy('public, max-age=60', 'none'), 'public, max-age=60')
})

test('SP-CL-08 reads challenges in any case and order', () => {
  for (const header of [
    'DPoP error="use_dpop_nonce"',
    'dpop error=use_dpop_nonce',
    'DPOP algs="ES256 PS256", error="use_dpop_nonce", error_description="a, b=c"',
    'Bearer realm="x", DPoP algs="ES256",ERROR = "use_dpop_nonce"',
    'Negotiate, DPoP error="use\\_dpop_nonce"',
  ]) {
    assert.equal(challengeError(parseChallenges(header)), 'use_dpop_nonce', header)
  }
  assert.equal(challengeError(parseChallenges(undefined)), undefined)
  assert.equal(challengeError(parseChallenges('DPoP algs="error=x"')), undefined)
  assert.equal(challengeError(parseChallenges('error="x"')), undefined)
})

test('understands who wants a stronger or newer login', () => {
  const header =
    'DPoP error="insufficient_user_authentication", acr_values="strong stronger", max_age="300"'
  assert.deepEqual(stepUpOf(parseChallenges(header)), {
    acrValues: ['strong', 'stronger'],
    maxAge: '300',
  })
  assert.equal(stepUpOf(parseChallenges('DPoP error="invalid_token"')), undefined)
  const odd = 'DPoP error="insufficient_user_authentication", max_age="-1"'
  assert.equal(stepUpOf(parseChallenges(odd))?.maxAge, undefined)
})

test('DPOP-CL-03 nonces belong to one origin each, and odd ones are not kept', () => {
  const nonces = createNonces()
  assert.equal(nonces.learn('https://a.example/x', 'one'), true)
  assert.equal(nonces.learn('https://a.example/y', 'one'), false)
  assert.equal(nonces.get('https://a.example/z'), 'one')
  for (const other of ['https://b.example/', 'https://a.example:444/', 'https://x.a.example/']) {
    assert.equal(nonces.get(other), undefined)
    assert.equal(nonces.knows(other), false)
  }
  for (const odd of ['', 'a b', 'a"b', 'x'.repeat(1_025), '\u00e9', undefined]) {
    assert.equal(nonces.learn('https://a.example/', odd), false)
  }
  assert.equal(nonces.get('https://a.example/'), 'one')
  for (let at = 0; at < 600; at++) nonces.learn(`https://${at}.example/`, 'n')
  assert.equal(nonces.get('https://a.example/'), undefined)
})
