import { refusal } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeLocation, errorLocation, withParameters } from './authorization-response.ts'
import { CALLBACK, createScene, ISSUER } from './flow/testing/scene.ts'

const { service } = createScene().ports
const declined = { refusal: refusal('access_denied', 'the user declined'), eventId: 'e1' }
const found = (location: string): readonly (readonly [string, string])[] => [
  ...new URL(location).searchParams,
]

test('OAU-11 keeps the query of a registered URI byte for byte, and adds to it', () => {
  const location = codeLocation({ redirect_uri: CALLBACK }, 'c0de', service)
  assert.equal(
    location,
    `${CALLBACK}&code=c0de&iss=https%3A%2F%2Fas.example%2Fbank`,
    'the own query, with its odd encoding and its empty parameter, comes first and unchanged',
  )
  assert.ok(errorLocation({ redirect_uri: CALLBACK }, declined, service).startsWith(`${CALLBACK}&`))
})

test('OAU-11 begins a query where a URI has none, and does not double a separator', () => {
  for (const [uri, expected] of [
    ['https://app.example/cb', 'https://app.example/cb?a=1'],
    ['https://app.example/cb/', 'https://app.example/cb/?a=1'],
    ['https://app.example/cb?', 'https://app.example/cb?a=1'],
    ['https://app.example/cb?x', 'https://app.example/cb?x&a=1'],
    ['https://app.example/cb?x=1&', 'https://app.example/cb?x=1&a=1'],
    ['https://app.example', 'https://app.example?a=1'],
  ] as const) {
    assert.equal(withParameters(uri, [['a', '1']]), expected)
  }
})

test('ISS-01 SP-AZ-07 names the issuer in success and error, exactly as the metadata does', () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  for (const location of [
    codeLocation(target, 'c', service),
    errorLocation(target, declined, service),
  ]) {
    assert.deepEqual(new URL(location).searchParams.getAll('iss'), [ISSUER])
  }
})

test('OIDC-21 tells of an error by error, error_description, error_uri, state and iss only', () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  assert.deepEqual(found(errorLocation(target, declined, service)), [
    ['error', 'access_denied'],
    ['error_description', 'the user declined'],
    ['error_uri', `${ISSUER}/errors/e1`],
    ['state', 's'],
    ['iss', ISSUER],
  ])
})

test('BCP-05 answers with a code, and with no token of any kind', () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  assert.deepEqual(found(codeLocation(target, 'c', service)), [
    ['code', 'c'],
    ['state', 's'],
    ['iss', ISSUER],
  ])
  assert.equal(new URL(codeLocation(target, 'c', service)).hash, '')
})

test('SP-AZ-18 answers without state when none was sent', () => {
  const target = { redirect_uri: 'https://app.example/cb' }
  for (const location of [
    codeLocation(target, 'c', service),
    errorLocation(target, declined, service),
  ]) {
    assert.equal(new URL(location).searchParams.has('state'), false)
  }
})

test('OAU-12 returns state exactly as received, whatever is in it', () => {
  const states = [
    ' leading, trailing ',
    'a+b c%20d%zz',
    '&iss=https://evil.example&code=stolen#frag',
    `"'<>\\{}|^~\`\r\n\t\u0000`,
    'ümläut 漢字 🔏 e\u0301',
    '\u{FEFF}',
  ]
  for (const state of states) {
    const location = codeLocation({ redirect_uri: CALLBACK, state }, 'c', service)
    assert.equal(new URL(location).searchParams.get('state'), state)
    assert.deepEqual(new URL(location).searchParams.getAll('iss'), [ISSUER])
    assert.match(location, /^[\x21-\x7E]+$/, 'fit for a Location header')
  }
})

test('SP-AZ-16 returns a state of 5,000 characters byte for byte', () => {
  const state = 'stäte%+/='.repeat(556).slice(0, 5_000)
  assert.equal(state.length, 5_000)
  for (const location of [
    codeLocation({ redirect_uri: CALLBACK, state }, 'c', service),
    errorLocation({ redirect_uri: CALLBACK, state }, declined, service),
  ]) {
    assert.equal(new URL(location).searchParams.get('state'), state)
  }
})
