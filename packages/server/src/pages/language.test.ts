import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from './language.ts'

test('OIDC-10 honours ui_locales before the preference of the browser', () => {
  assert.equal(negotiate('de', 'en'), 'de')
  assert.equal(negotiate('fr de-AT en', 'en'), 'de')
  assert.equal(negotiate('en-GB de', 'de'), 'en')
  assert.equal(negotiate('DE', undefined), 'de')
})

test('OIDC-10 falls back to the browser if ui_locales names no language we speak', () => {
  assert.equal(negotiate('fr it', 'de-CH,de;q=0.9,en;q=0.8'), 'de')
  assert.equal(negotiate('', 'de'), 'de')
})

test('weighs the ranges of Accept-Language', () => {
  const cases: readonly (readonly [string, 'en' | 'de'])[] = [
    ['de', 'de'],
    ['en;q=0.3, de;q=0.7', 'de'],
    ['de;q=0.7, en;q=0.7', 'de'],
    ['fr, de;q=0.2', 'de'],
    ['de;q=0, en;q=0.1', 'en'],
    ['en;q=0, *', 'de'],
    ['de;q=0, *', 'en'],
    ['*', 'en'],
    ['de-DE ; q = 0.9 , en ; q = 0.8', 'de'],
    ['de;Q=0.1,en;Q=0.2', 'en'],
    ['fr', 'en'],
  ]
  for (const [header, expected] of cases) {
    assert.equal(negotiate(undefined, header), expected, header)
  }
})

test('passes over what is malformed', () => {
  const malformed = [
    undefined,
    '',
    ',,,;;;q=',
    'de;q=banana',
    'de;q=-1',
    'de;q=2',
    'de;q=1e3',
    'd\u0000e',
    'deutsch-',
    'german',
    '<script>',
    '../../de',
    '%64%65',
    '__proto__',
  ]
  for (const header of malformed) {
    assert.equal(negotiate(header, header), 'en', String(header))
  }
  assert.equal(negotiate('de_DE', 'de;q=x, de;q=0.5'), 'de')
})

test('does not read endless lists', () => {
  const endless = 'x'.repeat(100_000)
  assert.equal(negotiate(endless, `${endless},de`), 'en')
  assert.equal(negotiate('fr '.repeat(50_000), `de,${'q;'.repeat(50_000)}`), 'de')
})
