import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'node:test'
import { readFrontends, type Frontend } from '../config/settings.ts'
import { sampleOptions } from '../testing/sample-options.ts'
import { safeReturnUrl } from './return-url.ts'

const ORIGIN = 'https://app.example'
const [app] = readFrontends(sampleOptions())
assert.ok(app !== undefined)
const shop: Frontend = { ...app, folder: '/shop/', base: '/shop/bff' }

/** What open redirects are made of. */
const TRICKS = [
  '',
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '//\\evil.example',
  'https://evil.example',
  'https:/evil.example',
  'https:evil.example',
  'http://app.example@evil.example',
  'https://app.example',
  'https://app.example/',
  'https://app.example.evil.example/',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'evil.example',
  '@evil.example',
  '.evil.example',
  ' /accounts',
  '\t/accounts',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  '/\r\nset-cookie:a=b',
  '/\u0000/evil.example',
  '/accounts\u0000',
  '/acc ounts',
  '/%09/evil.example',
  '/%0a/evil.example',
  '/%2f/evil.example',
  '/%2fevil.example',
  '/%2F%2Fevil.example',
  '/%5cevil.example',
  '/%5C/evil.example',
  '/%252fevil.example',
  '/%25252fevil.example',
  '/%255cevil.example',
  '%2f%2fevil.example',
  '%2faccounts',
  '/./\u002f/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/../..//evil.example',
  '/a/..//evil.example',
  '/a/../..//evil.example',
  '/a/../%2f/evil.example',
  '/%2e//evil.example',
  '/%2e%2e//evil.example',
  '/.%2e//evil.example',
  '/a/%2e%2e//evil.example',
  '/\u2215evil.example',
  '/\uFF0Fevil.example',
  '/\u3002evil.example',
  '/\u202Eelpmaxe',
  '/%',
  '/%zz',
  '/%c0%af',
  '?next=//evil.example',
  '#//evil.example',
  '/bff/login',
  '/bff/login?returnUrl=/bff/login',
  '/bff/logout',
  '/bff',
  '/bff/../bff/login',
  '/x/../bff/login',
]

for (const trick of TRICKS) {
  test(`SP-CL-04 does not go to ${JSON.stringify(trick)}`, () => {
    assert.equal(safeReturnUrl(trick, app), undefined)
  })
}

test('SP-CL-04 never leaves the app, whatever is put together', () => {
  const part = fc.constantFrom(
    '/',
    '//',
    '\\',
    '..',
    '.',
    '%2f',
    '%5c',
    '%2e',
    '%25',
    '%09',
    '\t',
    '\n',
    '@',
    ':',
    '?',
    '#',
    'evil.example',
    'https:',
    'javascript:',
    'a',
    '&',
    ';',
    ' ',
    '\u0000',
    '\u2215',
    'bff',
    'login',
  )
  const text = fc.oneof(
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
    fc.array(part, { maxLength: 9 }).map((parts) => `/${parts.join('')}`),
    fc.webUrl(),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, (value) => {
      const safe = safeReturnUrl(value, app)
      if (safe === undefined) return
      const url = new URL(safe, ORIGIN)
      assert.equal(url.origin, ORIGIN)
      assert.match(safe, /^\/(?![/\\])[\x21-\x7e]*$/)
      assert.equal(url.pathname.startsWith('/bff/'), false)
      // A second reader, who resolves it again, comes to the same place.
      assert.equal(url.pathname + url.search + url.hash, safe)
    }),
    { numRuns: 5_000 },
  )
})

test('SP-CL-04 goes back to where the person was', () => {
  for (const path of [
    '/',
    '/accounts',
    '/accounts/1?tab=2&x=a%20b#top',
    '/a/b/',
    '/bffx',
    '/?q=//x',
  ]) {
    assert.equal(safeReturnUrl(path, app), path)
  }
})

test('SP-CL-04 stays in the folder of an app that shares its origin', () => {
  assert.equal(safeReturnUrl('/shop/cart', shop), '/shop/cart')
  for (const path of ['/', '/shop', '/shopping', '/other/', '/shop/../other/', '/shop/bff/login']) {
    assert.equal(safeReturnUrl(path, shop), undefined, path)
  }
})

test('SP-CL-04 takes no return path without end', () => {
  assert.equal(safeReturnUrl(`/${'a'.repeat(2_000)}`, app), undefined)
})
