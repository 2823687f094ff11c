import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFrontends } from '../config/settings.ts'
import { sampleOptions } from '../testing/sample-options.ts'
import { endedCookie, loginCookie, readCookies, sessionCookie } from './cookies.ts'
import { csrfRejection, isOwnEventSource, isOwnNavigation } from './csrf.ts'

const [app] = readFrontends(sampleOptions())
assert.ok(app !== undefined)
const own = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin', origin: 'https://app.example' }

test('BFF-06 refuses calls without the header that needs a preflight', () => {
  assert.equal(csrfRejection({}, app), 'header_missing')
  for (const value of ['', '0', 'true', '1, 1', '11']) {
    assert.equal(csrfRejection({ 'x-csrf': value }, app), 'header_missing', value)
  }
})

test('BFF-07 refuses what the browser says comes from elsewhere', () => {
  for (const site of ['cross-site', 'same-site', 'none', '', 'SAME-ORIGIN']) {
    assert.equal(csrfRejection({ ...own, 'sec-fetch-site': site }, app), 'cross_site', site)
  }
  for (const origin of [
    'null',
    '',
    'https://evil.example',
    'http://app.example',
    'https://app.example:444',
    'https://app.example.evil.example',
    'https://APP.example',
  ]) {
    assert.equal(csrfRejection({ ...own, origin }, app), 'foreign_origin', origin)
  }
})

test('BFF-06 takes calls of the app', () => {
  assert.equal(csrfRejection(own, app), undefined)
  assert.equal(csrfRejection({ 'x-csrf': '1' }, app), undefined)
})

test('BFF-06 an event source passes only if the browser vouches for it', () => {
  const source = { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' }
  assert.equal(isOwnEventSource('GET', source), true)
  assert.equal(isOwnEventSource('POST', source), false)
  assert.equal(isOwnEventSource('GET', { accept: 'text/event-stream' }), false)
  assert.equal(isOwnEventSource('GET', { ...source, 'sec-fetch-site': 'same-site' }), false)
  assert.equal(isOwnEventSource('GET', { ...source, accept: '*/*' }), false)
})

test('SP-CL-12 a login starts by a navigation of the page, from the app or the address bar', () => {
  const navigation = {
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  assert.equal(isOwnNavigation(navigation), true)
  assert.equal(isOwnNavigation({ ...navigation, 'sec-fetch-site': 'none' }), true)
  for (const change of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-dest': 'image' },
    { 'sec-fetch-dest': 'empty' },
  ]) {
    assert.equal(isOwnNavigation({ ...navigation, ...change }), false, JSON.stringify(change))
  }
  assert.equal(isOwnNavigation({}), false)
})

test('BFF-03 BFF-04 every cookie is Secure, HttpOnly, of this host and of every path', () => {
  for (const cookie of [
    sessionCookie('__Host-Http-app', 'x'),
    loginCookie('__Host-Http-app-login-1', 'x', 900),
    endedCookie('__Host-Http-app'),
  ]) {
    assert.match(cookie, /; Path=\/; Secure; HttpOnly; SameSite=/)
    assert.doesNotMatch(cookie, /domain/i)
  }
  assert.match(sessionCookie('a', 'x'), /SameSite=Strict$/)
  assert.match(loginCookie('a', 'x', 900), /SameSite=Lax; Max-Age=900$/)
})

test('a cookie that comes twice is not believed', () => {
  const cookies = readCookies('a=1; b=2; a=3; =4; c; d=x=y')
  assert.deepEqual(
    [...cookies],
    [
      ['b', '2'],
      ['d', 'x=y'],
    ],
  )
  assert.equal(readCookies(undefined).size, 0)
})
