import { refusal } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AcceptedParameters } from './authorization-parameters.ts'
import { codeResponse, errorResponse, withParameters } from './authorization-response.ts'
import { app, CALLBACK, createScene, ISSUER } from './flow/testing/scene.ts'
import type { ResponseToClient } from './outcomes.ts'

const { ports } = createScene()
type Target = Pick<AcceptedParameters, 'redirect_uri' | 'response_mode' | 'state'>
const to = (parameters: Target): Parameters<typeof codeResponse>[0] => ({
  client: app,
  pushed: { parameters },
})
const locationOf = (response: ResponseToClient): string => {
  assert.ok(response.action === 'redirect')
  return response.location
}
const codeLocation = async (target: Target, code: string): Promise<string> =>
  locationOf(await codeResponse(to(target), code, ports))
const errorLocation = async (target: Target, told: typeof declined): Promise<string> =>
  locationOf(await errorResponse(to(target), told, ports))
const declined = { refusal: refusal('access_denied', 'the user declined'), eventId: 'e1' }
const found = (location: string): readonly (readonly [string, string])[] => [
  ...new URL(location).searchParams,
]

test('OAU-11 keeps the query of a registered URI byte for byte, and adds to it', async () => {
  const location = await codeLocation({ redirect_uri: CALLBACK }, 'c0de')
  assert.equal(
    location,
    `${CALLBACK}&code=c0de&iss=https%3A%2F%2Fas.example%2Fbank`,
    'the own query, with its odd encoding and its empty parameter, comes first and unchanged',
  )
  assert.ok((await errorLocation({ redirect_uri: CALLBACK }, declined)).startsWith(`${CALLBACK}&`))
})

test('OAU-11 begins a query where a URI has none, and does not double a separator', async () => {
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

test('ISS-01 SP-AZ-07 names the issuer in success and error, exactly as the metadata does', async () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  for (const location of [await codeLocation(target, 'c'), await errorLocation(target, declined)]) {
    assert.deepEqual(new URL(location).searchParams.getAll('iss'), [ISSUER])
  }
})

test('OIDC-21 tells of an error by error, error_description, error_uri, state and iss only', async () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  assert.deepEqual(found(await errorLocation(target, declined)), [
    ['error', 'access_denied'],
    ['error_description', 'the user declined'],
    ['error_uri', `${ISSUER}/errors/e1`],
    ['state', 's'],
    ['iss', ISSUER],
  ])
})

test('BCP-05 answers with a code, and with no token of any kind', async () => {
  const target = { redirect_uri: 'https://app.example/cb', state: 's' }
  assert.deepEqual(found(await codeLocation(target, 'c')), [
    ['code', 'c'],
    ['state', 's'],
    ['iss', ISSUER],
  ])
  assert.equal(new URL(await codeLocation(target, 'c')).hash, '')
})

test('SP-AZ-18 answers without state when none was sent', async () => {
  const target = { redirect_uri: 'https://app.example/cb' }
  for (const location of [await codeLocation(target, 'c'), await errorLocation(target, declined)]) {
    assert.equal(new URL(location).searchParams.has('state'), false)
  }
})

test('OAU-12 returns state exactly as received, whatever is in it', async () => {
  const states = [
    ' leading, trailing ',
    'a+b c%20d%zz',
    '&iss=https://evil.example&code=stolen#frag',
    `"'<>\\{}|^~\`\r\n\t\u0000`,
    'ümläut 漢字 🔏 e\u0301',
    '\u{FEFF}',
  ]
  for (const state of states) {
    const location = await codeLocation({ redirect_uri: CALLBACK, state }, 'c')
    assert.equal(new URL(location).searchParams.get('state'), state)
    assert.deepEqual(new URL(location).searchParams.getAll('iss'), [ISSUER])
    assert.match(location, /^[\x21-\x7E]+$/, 'fit for a Location header')
  }
})

test('SP-AZ-16 returns a state of 5,000 characters byte for byte', async () => {
  const state = 'stäte%+/='.repeat(556).slice(0, 5_000)
  assert.equal(state.length, 5_000)
  for (const location of [
    await codeLocation({ redirect_uri: CALLBACK, state }, 'c'),
    await errorLocation({ redirect_uri: CALLBACK, state }, declined),
  ]) {
    assert.equal(new URL(location).searchParams.get('state'), state)
  }
})
