import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RecordedCall } from '../api/calls.ts'
import { composeFlow, type ServerStep } from './compose-flow.ts'
import { tellingOf, Trails, type Visit } from './trail.ts'

function visit(kind: Visit['kind'], at: number, more: Partial<Visit> = {}): Visit {
  return { kind, at, until: at + 10, status: 200, stepUp: false, refreshed: false, ...more }
}

function step(name: string, at: number, outcome = 'done'): ServerStep {
  return { at, step: name, outcome }
}

const LOGIN = [visit('login', 100, { status: 303 }), visit('callback', 200)]
const SERVER = [
  step('push', 105, 'created'),
  step('begin', 120, 'interact'),
  step('interaction', 121, 'login'),
  step('authenticated', 150, 'logged-in'),
  step('interaction', 160, 'consent'),
  step('complete', 180, 'redirect'),
  step('token', 205, 'issued'),
]
const NO_CALLS = new Map<string, RecordedCall>()

function shape(
  visits: readonly Visit[],
  server?: readonly ServerStep[],
  calls = NO_CALLS,
): unknown {
  return composeFlow({ visits, calls, server }).scenes.map(({ topic, times, hops }) => [
    topic,
    times,
    ...hops.map(({ what, refused }) =>
      refused === undefined ? what : `${what} ${refused.reason}`,
    ),
  ])
}

describe('the flow', () => {
  test('of a login is one scene, told by app and server', () => {
    assert.deepEqual(shape(LOGIN, SERVER), [
      [
        'login',
        1,
        'login_asked',
        'request_pushed',
        'sent_to_server',
        'logged_in',
        'sent_back',
        'code_returned',
        'code_exchanged',
        'session_opened',
      ],
    ])
  })

  test('has the browser at the server even before the app notes that its answer has left', () => {
    const hasty = SERVER.map((each) => (each.step === 'begin' ? { ...each, at: 108 } : each))
    assert.deepEqual(shape(LOGIN, hasty), shape(LOGIN, SERVER))
  })

  test('without the word of the server holds only what the app knows', () => {
    assert.deepEqual(shape(LOGIN), [
      [
        'login',
        1,
        'login_asked',
        'request_pushed',
        'code_returned',
        'code_exchanged',
        'session_opened',
      ],
    ])
    assert.equal(
      composeFlow({ visits: LOGIN, calls: NO_CALLS, server: undefined }).serverTold,
      false,
    )
  })

  test('of a login that failed ends where it failed', () => {
    const failed = visit('callback', 200, { failure: { reason: 'wrong_issuer' } })
    assert.deepEqual(shape([visit('login', 100), failed], SERVER.slice(0, 1)), [
      ['login', 1, 'login_asked', 'request_pushed', 'code_returned wrong_issuer'],
    ])
  })

  test('of calls counts what happened again, and shows a renewed token', () => {
    const accounts = { at: 5, method: 'GET', route: '/accounts', status: 200 }
    const visits = [
      visit('api', 300, { interactionId: 'a', refreshed: true }),
      visit('api', 320, { interactionId: 'b' }),
      visit('api', 340, { interactionId: 'c' }),
    ]
    const calls = new Map(['a', 'b', 'c'].map((id) => [id, accounts]))
    assert.deepEqual(shape(visits, [step('token', 302, 'issued')], calls), [
      ['accounts', 1, 'called', 'token_refreshed', 'forwarded', 'answered'],
      ['accounts', 2, 'called', 'forwarded', 'answered'],
    ])
  })

  test('of a payment after a login long ago shows which rule asked for another', () => {
    const refused = {
      id: 'STEP-01',
      reason: 'login_too_old',
      error: 'insufficient_user_authentication',
      expected: 'a login within 300 s',
      received: 'a login 400 s ago',
    } as const
    const call = { at: 5, method: 'POST', route: '/payments', status: 401, refused }
    const visits = [visit('api', 300, { interactionId: 'a', status: 401 })]
    assert.deepEqual(shape(visits, [], new Map([['a', call]])), [
      ['payment', 1, 'called', 'forwarded login_too_old', 'step_up_asked'],
    ])
  })

  test('of a call from another site ends at the app', () => {
    const failure = { id: 'BFF-07', reason: 'header_missing' }
    assert.deepEqual(shape([visit('api', 300, { failure })], []), [
      ['other', 1, 'called header_missing'],
    ])
  })

  test('of a logout shows that tokens and login end too', () => {
    assert.deepEqual(
      shape([visit('logout', 400)], [step('revoke', 415), step('end-session', 430)]),
      [['logout', 1, 'logout_asked', 'token_revoked', 'ended_at_server']],
    )
  })
})

describe('a trail', () => {
  test('begins anew with a login, and goes on through a step-up', () => {
    const trails = new Trails()
    for (const each of [
      visit('logout', 1),
      visit('login', 2),
      visit('callback', 3),
      visit('login', 4, { stepUp: true }),
      visit('callback', 5),
    ]) {
      trails.add('browser', each)
    }
    assert.deepEqual(
      trails.of('browser').map(({ at, stepUp }) => [at, stepUp]),
      [
        [2, false],
        [3, false],
        [4, true],
        [5, true],
      ],
    )
    assert.deepEqual(trails.of('another'), [])
  })

  test('forgets old browsers and old visits', () => {
    const trails = new Trails()
    for (let at = 0; at < 300; at += 1) trails.add('busy', visit('api', at))
    assert.equal(trails.of('busy').length, 80)
    for (let at = 0; at < 200; at += 1) trails.add(`browser ${at}`, visit('api', at))
    assert.deepEqual(trails.of('busy'), [])
  })

  test('holds of events only what they are called', () => {
    const secret = 'a secret'
    assert.deepEqual(
      tellingOf([
        { type: 'login_failed', frontend: 'bank', reason: 'invalid_response', detail: secret },
        { type: 'refresh', result: 'refreshed', detail: secret },
        { type: 'fault', eventId: 'event', error: new Error(secret) },
      ]),
      { refreshed: true, failure: { reason: 'invalid_response' } },
    )
  })
})
