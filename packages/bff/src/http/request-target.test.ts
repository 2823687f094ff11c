import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'node:test'
import { readFrontends } from '../config/settings.ts'
import { frontendPath, routeOf, targetUrl } from '../proxy/target-url.ts'
import { sampleFrontend, sampleOptions } from '../testing/sample-options.ts'
import { readTarget } from './request-target.ts'

const ODD = [
  '',
  '*',
  'api/accounts',
  'https://evil.example/api/accounts',
  '//evil.example/api/',
  '/api//accounts',
  '/api/../admin',
  '/api/..',
  '/api/./accounts',
  '/api/.',
  '/api/..;/admin',
  '/api/..;x=1/admin',
  '/api/.;/admin',
  '/api/%2e%2e/admin',
  '/api/%2E./admin',
  '/api/.%2e/admin',
  '/api/%252e%252e/admin',
  '/api/%c0%ae%C0%AE/admin',
  '/api/%e0%80%ae%e0%80%ae%c0%afadmin',
  '/api/%ff',
  '/api/..%2fadmin',
  '/api/..%5cadmin',
  '/api/..\\admin',
  '/api\\admin',
  '/api/%5cadmin',
  '/api/a%2fb',
  '/api/a%00b',
  '/api/a%0d%0ab',
  '/api/a\r\nb',
  '/api/a b',
  '/api/\u00e9',
  '/api/%zz',
  '/api/%',
  '/api/%2',
  '/api/@evil.example#',
  '/api/#fragment',
  '/api/"x"',
  '/api/<x>',
  '/api/x?a=\u0000',
  '/api/x?a= b',
]

for (const url of ODD) {
  test(`BFF-09 does not route ${JSON.stringify(url)}`, () => {
    assert.equal(readTarget(url), undefined)
  })
}

test('reads a path as it was sent', () => {
  for (const [path, search] of [
    ['/', ''],
    ['/api/accounts', '?a=1&b=%2F..%2F'],
    ["/api/a.b/c~d/e-f_g/h;v=1/(i)/j'k,l/m:n@o", '?'],
    ['/api/%20%C3%A9', ''],
    ['/api/...', ''],
  ] as const) {
    assert.deepEqual(readTarget(path + search), { path, search })
  }
})

test('BFF-09 BCP-13 a call never leaves the target of its route', () => {
  const [app] = readFrontends(
    sampleOptions({
      frontends: [
        sampleFrontend({
          routes: [
            { match: '/api/', target: 'https://api.example/v1/', token: 'user' },
            { match: '/api/deep/', target: 'https://deep.example/', token: 'user' },
          ],
        }),
      ],
    }),
  )
  assert.ok(app !== undefined)
  const part = fc.constantFrom(
    '/',
    '//',
    '..',
    '.',
    ';',
    '%2e',
    '%2f',
    '%5c',
    '\\',
    '@',
    ':',
    '?',
    '#',
    '%',
    '%25',
    '\t',
    'evil.example',
    'https:',
    'a',
    'v1',
    'api',
    'deep',
    '%0d',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
      const target = readTarget(`/api/${parts.join('')}`)
      const route = target && routeOf(app.routes, target.path)
      const url = route && targetUrl(route, target)
      if (route === undefined || url === undefined) return
      assert.equal(url.origin, route.target.origin)
      assert.ok(url.pathname.startsWith(route.target.pathname))
      assert.ok(url.href.startsWith(route.target.href))
    }),
    { numRuns: 5_000 },
  )
  const deep = routeOf(app.routes, '/api/deep/x')
  assert.equal(deep?.target.href, 'https://deep.example/')
  assert.equal(routeOf(app.routes, '/apix'), undefined)
  assert.equal(routeOf(app.routes, '/api'), undefined)
})

test('BFF-09 a place an API names is told to the browser only if it is on the route', () => {
  const [app] = readFrontends(sampleOptions())
  const route = app?.routes[0]
  assert.ok(route !== undefined)
  const base = new URL('https://api.example/v1/payments')
  const told = (location: string): string | undefined => frontendPath(route, location, base)
  assert.equal(told('https://api.example/v1/payments/7?x=1'), '/api/payments/7?x=1')
  assert.equal(told('payments/7'), '/api/payments/7')
  assert.equal(told('/v1/x'), '/api/x')
  for (const location of [
    '/admin',
    '../admin',
    'https://evil.example/v1/',
    '//evil.example/v1/',
    'javascript:alert(1)',
    'http://api.example/v1/',
    '',
  ]) {
    if (location !== '') assert.equal(told(location), undefined, location)
  }
})
