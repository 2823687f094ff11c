import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { exportPrivateJwk, generateSigningKey, UnusableKey } from '@signet/protocol'
import { createCore } from '../core.ts'
import { importClientKey } from '../oauth/client-key.ts'
import { sampleFrontend, sampleOptions } from '../testing/sample-options.ts'
import { checkOptions } from './check-options.ts'
import type { BffOptions, RouteOptions } from './options.ts'
import { Misconfigured } from './misconfigured.ts'
import { readFrontends } from './settings.ts'

const route = (members: Partial<RouteOptions>): BffOptions =>
  sampleOptions({
    frontends: [
      sampleFrontend({
        routes: [{ match: '/api/', target: 'https://api.example/', token: 'user', ...members }],
      }),
    ],
  })
const frontend = (members: object): BffOptions =>
  sampleOptions({ frontends: [{ ...sampleFrontend(), ...members }] })
const { sessions } = sampleOptions()

const WRONG: Readonly<Record<string, BffOptions>> = {
  'SP-CL-10 an issuer without TLS': sampleOptions({ issuer: 'http://as.example' }),
  'SP-CL-10 an issuer with a query': sampleOptions({ issuer: 'https://as.example/?x=1' }),
  'an issuer with a user': sampleOptions({ issuer: 'https://a:b@as.example' }),
  'no frontend': sampleOptions({ frontends: [] }),
  'an unknown key': Object.assign(sampleOptions(), { cors: true }),
  'an unknown key of a route': frontend({
    routes: [{ match: '/a/', target: 'https://api.example/', token: 'user', tokens: 'user' }],
  }),
  'an unknown key of a frontend': frontend({ cookieDomain: 'example' }),
  'an origin with a path': frontend({ publicOrigin: 'https://app.example/' }),
  'an origin without TLS': frontend({ publicOrigin: 'http://app.example' }),
  'no openid': frontend({ scopes: ['accounts'] }),
  'a scope with a space': frontend({ scopes: ['openid', 'a b'] }),
  'a name that fits no cookie': frontend({ name: 'the bank' }),
  'a base path with dots': frontend({ basePath: '/../bff' }),
  'a base path of another app': frontend({ match: { path: '/shop/' }, basePath: '/bff' }),
  'a post-logout path elsewhere': frontend({ postLogoutPath: '//evil.example' }),
  'a policy with a line break': frontend({ contentSecurityPolicy: "default-src 'self'\r\nx: y" }),
  'BCP-13 a target without TLS': route({ target: 'http://api.example/' }),
  'BCP-13 a token to a target on this machine without TLS': route({ target: 'http://localhost/' }),
  'BFF-09 a target without slash at its end': route({ target: 'https://api.example/v1' }),
  'BFF-09 a target with a query': route({ target: 'https://api.example/?x=/' }),
  'BFF-09 a target with a user': route({ target: 'https://a:b@api.example/' }),
  'BFF-09 a target that is no URL of the web': route({ target: 'file:///etc/' }),
  'BFF-09 a route to everything': route({ match: '/' }),
  'BFF-09 a route without slash at its end': route({ match: '/api' }),
  'BFF-09 a route over our own endpoints': route({ match: '/bff/' }),
  'BFF-09 a route below our own endpoints': route({ match: '/bff/api/' }),
  'BFF-09 a route twice': frontend({
    routes: [...(sampleFrontend().routes ?? []), ...(sampleFrontend().routes ?? [])],
  }),
  'BFF-06 a route with a token and without CSRF protection': route({ csrf: false }),
  'BFF-09 a cookie that would pass': route({ requestHeaders: ['cookie'] }),
  'BFF-09 credentials that would pass': route({ requestHeaders: ['authorization'] }),
  'BFF-09 a forwarded header that would pass': route({ requestHeaders: ['x-forwarded-for'] }),
  'MTLS-09 a certificate that would pass': route({ requestHeaders: ['client-cert'] }),
  'MTLS-09 a certificate that would pass, as nginx tells it': route({
    requestHeaders: ['x-ssl-client-cert'],
  }),
  'MTLS-09 a certificate that would pass, as HAProxy tells it': route({
    requestHeaders: ['x-ssl-cert'],
  }),
  'a key of 16 bytes': sampleOptions({ sessions: { ...sessions, keys: [Buffer.alloc(16)] } }),
  'no key': sampleOptions({ sessions: { ...sessions, keys: [] } }),
  'a sliding lifetime beyond the absolute': sampleOptions({
    sessions: { ...sessions, sliding: 20, absolute: 10 },
  }),
  'two frontends of one name': sampleOptions({
    frontends: [sampleFrontend(), sampleFrontend({ publicOrigin: 'https://other.example' })],
  }),
  'two frontends in one place': sampleOptions({
    frontends: [sampleFrontend(), sampleFrontend({ name: 'other' })],
  }),
}

for (const [title, options] of Object.entries(WRONG)) {
  test(`${title} is refused`, () => {
    assert.throws(() => createCore(options), Misconfigured)
  })
}

test('what is wrong is told all at once, and no key with it', () => {
  const secret = Buffer.alloc(16, 'secret')
  const options = {
    ...sampleOptions({ issuer: 'http://as.example', frontends: [] }),
    sessions: { ...sessions, keys: [secret] },
  }
  assert.throws(
    () => createCore(options),
    (error) =>
      error instanceof Misconfigured &&
      /issuer/.test(error.message) &&
      /frontends/.test(error.message) &&
      /keys/.test(error.message) &&
      !error.message.includes('secret'),
  )
})

test('http to this machine is allowed where no token is at risk', () => {
  assert.deepEqual(checkOptions(route({ target: 'http://localhost:5173/', token: 'none' })), [])
})

test('BFF-04 cookies carry the prefix that browsers guard', () => {
  const [found] = readFrontends(sampleOptions())
  assert.equal(found?.cookie, '__Host-Http-app')
  assert.equal(found.redirectUri, 'https://app.example/bff/callback')
})

test('SP-CL-02 takes private keys of the profile only', () => {
  for (const alg of ['ES256', 'PS256', 'Ed25519', 'EdDSA'] as const) {
    const jwk = exportPrivateJwk(generateSigningKey(alg))
    assert.equal(importClientKey({ ...jwk, kid: 'mine' }).kid, 'mine')
  }
  const { publicJwk } = generateSigningKey('ES256')
  const jwkOf = (namedCurve: string): object =>
    generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' })
  for (const jwk of [publicJwk, jwkOf('P-384'), jwkOf('secp256k1'), { kty: 'oct', k: 'AA' }, {}]) {
    assert.throws(() => importClientKey(jwk), UnusableKey)
  }
  assert.throws(
    () => createCore(sampleOptions({ client: { client_id: 'bank', keys: [publicJwk] } })),
    Misconfigured,
  )
})
