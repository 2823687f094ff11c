import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AcceptedParameters } from '../authorization-parameters.ts'
import { PASSWORD_ACR } from '../authentication-context.ts'
import type { Session } from '../store/durable.ts'
import type { Interaction } from '../store/ephemeral.ts'
import { decide, type Situation } from './decide.ts'
import { app, ISSUER, parameters } from './testing/scene.ts'

const NOW = 10_000

const session: Session = {
  digest: 'new',
  sid: 'sid',
  subject: 'alice',
  authTime: NOW - 100,
  acr: PASSWORD_ACR,
  amr: ['pwd'],
  expiresAt: NOW + 1_000,
}

/** It began 50 s ago, so the session is older. */
const interaction: Interaction = {
  digest: 'i',
  pushedRequest: 'p',
  browser: 'b',
  enteredWith: 'new',
  startedAt: NOW - 50,
  expiresAt: NOW + 500,
}

const access = { scopes: ['openid', 'accounts'], resources: [ISSUER] }

/** Alice has a session and has allowed it all before, changed in the respect under test. */
const situation = (
  change: Partial<Situation>,
  asking?: Partial<AcceptedParameters>,
): Situation => ({
  client: app,
  parameters: { ...parameters, ...asking },
  asked: access,
  session,
  allowed: access,
  interaction: undefined,
  approved: false,
  now: NOW,
  ...change,
})

/** The same, after a login within the interaction. */
const afterLogin = (change: Partial<Situation>, asking?: Partial<AcceptedParameters>): Situation =>
  situation(
    {
      interaction: { ...interaction, enteredWith: 'old' },
      session: { ...session, authTime: NOW - 10 },
      ...change,
    },
    asking,
  )

const outcome = (given: Situation): string => {
  const decision = decide(given)
  return decision.next === 'refuse' ? decision.refused.refusal.error : decision.next
}

const expectAll = (expected: string, situations: Readonly<Record<string, Situation>>): void => {
  for (const [title, given] of Object.entries(situations)) {
    test(`${title}: ${expected}`, () => assert.equal(outcome(given), expected))
  }
}

describe('OIDC-10 prompt=none', () => {
  const asking = { prompt: 'none' }
  expectAll('login_required', {
    'without a session': situation({ session: undefined }, asking),
    'with a session too old for max_age': situation({}, { ...asking, max_age: '99' }),
    'with max_age=0': situation({}, { ...asking, max_age: '0' }),
    'with a session of another user than hinted': situation(
      {},
      { ...asking, hinted_subject: 'bob' },
    ),
  })
  expectAll('consent_required', {
    'without consent': situation({ allowed: undefined }, asking),
    'with consent to less': situation({ allowed: { ...access, scopes: ['openid'] } }, asking),
    'with consent for another resource': situation(
      { allowed: { ...access, resources: ['https://other.example'] } },
      asking,
    ),
  })
  expectAll('done', { 'with session and consent': situation({}, asking) })
})

describe('OIDC-10 prompt=login and select_account', () => {
  for (const prompt of ['login', 'select_account', 'login consent', 'select_account login']) {
    expectAll('login', {
      [`${prompt} at the arrival`]: situation({}, { prompt }),
      [`${prompt} with the session of the arrival`]: situation({ interaction }, { prompt }),
      [`${prompt} with an older session that the browser had kept`]: situation(
        { interaction: { ...interaction, enteredWith: 'other' } },
        { prompt },
      ),
      [`${prompt} with the session of the arrival, made in the same second`]: situation(
        { interaction, session: { ...session, authTime: interaction.startedAt } },
        { prompt },
      ),
      [`${prompt} approved without a login`]: situation(
        { interaction, approved: true },
        { prompt },
      ),
    })
  }
  expectAll('done', {
    'prompt=login after a login': afterLogin({}, { prompt: 'login' }),
    'prompt=login after a login in the second of the arrival': afterLogin(
      { session: { ...session, authTime: interaction.startedAt } },
      { prompt: 'login' },
    ),
    'prompt=login after a login by a browser that came without a session': afterLogin(
      { interaction: withoutSession() },
      { prompt: 'login' },
    ),
  })
})

describe('OIDC-10 prompt=consent', () => {
  const asking = { prompt: 'consent' }
  expectAll('consent', {
    'although all was allowed before': situation({}, asking),
    'after a login': afterLogin({}, { prompt: 'login consent' }),
  })
  expectAll('done', { 'once approved': situation({ interaction, approved: true }, asking) })
  expectAll('login', {
    'approved without a session': situation({ session: undefined, approved: true }, asking),
  })
})

describe('OIDC-10 max_age', () => {
  expectAll('login', {
    'a login one second too old': situation({}, { max_age: '99' }),
    'max_age=0, whatever the session': situation({}, { max_age: '0' }),
    'max_age=0 in the second of the login': situation(
      { session: { ...session, authTime: NOW } },
      { max_age: '0' },
    ),
    'default_max_age of the client': situation({ client: { ...app, defaultMaxAge: 99 } }),
    'default_max_age of 0': situation({ client: { ...app, defaultMaxAge: 0 } }),
    'a max_age that is no number': situation({}, { max_age: 'soon' }),
  })
  expectAll('done', {
    'a login of exactly that age': situation({}, { max_age: '100' }),
    'max_age over default_max_age': situation(
      { client: { ...app, defaultMaxAge: 1 } },
      { max_age: '100' },
    ),
    'max_age=0 after a login': afterLogin({}, { max_age: '0' }),
    'a login that was slower than max_age': afterLogin({}, { max_age: '5' }),
  })
})

describe('OIDC-10 id_token_hint', () => {
  const asking = { hinted_subject: 'bob' }
  expectAll('login', {
    'a session of somebody else': situation({}, asking),
    'no session': situation({ session: undefined }, asking),
    'the session of the arrival, within the interaction': situation({ interaction }, asking),
  })
  expectAll('login_required', { 'a new login, but of somebody else': afterLogin({}, asking) })
  expectAll('done', { 'a session of the user': situation({}, { hinted_subject: 'alice' }) })
})

describe('OIDC-10 OIDC-13 the sub that claims asks for in the ID token', () => {
  const sub = (asked: unknown): Partial<AcceptedParameters> => ({
    claims: JSON.stringify({ id_token: { sub: asked } }),
  })
  expectAll('login', {
    'a session of somebody else': situation({}, sub({ value: 'bob' })),
    'a session of somebody else, approved all the same': situation(
      { approved: true },
      sub({ value: 'bob' }),
    ),
    'a session of none of them': situation({}, sub({ values: ['bob', 'carol'] })),
  })
  expectAll('login_required', {
    'a session of somebody else, and prompt=none': situation(
      {},
      { prompt: 'none', ...sub({ value: 'bob' }) },
    ),
    'a new login, but of somebody else': afterLogin({}, sub({ value: 'bob' })),
  })
  expectAll('done', {
    'a session of the user': situation({}, sub({ value: 'alice' })),
    'a session of one of them': situation({}, sub({ values: ['bob', 'alice'] })),
    'no value': situation({}, sub({ essential: true })),
  })
})

describe('OIDC-14 acr', () => {
  const acr = (asked: unknown): Partial<AcceptedParameters> => ({
    claims: JSON.stringify({ id_token: { acr: asked } }),
  })
  const gold = { session: { ...session, acr: 'gold' } }
  expectAll('unmet_authentication_requirements', {
    'essential and unknown': situation({}, acr({ essential: true, value: 'gold' })),
    'essential, unknown, and nobody logged in': situation(
      { session: undefined },
      acr({ essential: true, values: ['gold', 'silver'] }),
    ),
    'essential and no value will do': situation({}, acr({ essential: true, values: [] })),
    'essential and no text': situation({}, acr({ essential: true, values: [1, null] })),
    'essential with prompt=none': situation(
      {},
      { prompt: 'none', ...acr({ essential: true, value: 'gold' }) },
    ),
    'essential, and approved all the same': situation(
      { approved: true },
      acr({ essential: true, value: 'gold' }),
    ),
    'essential, and the new login has another': afterLogin(
      { session: { ...session, authTime: NOW, acr: 'silver' } },
      acr({ essential: true, values: ['gold', PASSWORD_ACR] }),
    ),
  })
  expectAll('login', {
    'essential, and the session has another': situation(
      gold,
      acr({ essential: true, value: PASSWORD_ACR }),
    ),
  })
  expectAll('login_required', {
    'essential, the session has another, and prompt=none': situation(gold, {
      prompt: 'none',
      ...acr({ essential: true, value: PASSWORD_ACR }),
    }),
  })
  expectAll('done', {
    'essential and met': situation({}, acr({ essential: true, values: ['gold', PASSWORD_ACR] })),
    'essential and met by what the session has': situation(
      gold,
      acr({ essential: true, value: 'gold' }),
    ),
    'essential without a value': situation({}, acr({ essential: true })),
    voluntary: situation({}, acr({ values: ['gold'] })),
    'voluntary, by acr_values': situation({}, { acr_values: 'gold silver' }),
    'essential for userinfo, where it has no meaning': situation(
      {},
      { claims: '{"userinfo":{"acr":{"essential":true,"value":"gold"}}}' },
    ),
  })
})

describe('SP-AZ-13 consent', () => {
  expectAll('consent', {
    'a client that was never allowed anything': situation({ allowed: undefined }),
    'a client that asks for nothing, the first time': situation({
      allowed: undefined,
      asked: { scopes: [], resources: [ISSUER] },
    }),
    'one scope more': situation({ allowed: { ...access, scopes: ['accounts'] } }),
    'one resource more': situation({ allowed: { ...access, resources: [] } }),
  })
  expectAll('done', {
    'the same in another order': situation({
      asked: { ...access, scopes: ['accounts', 'openid'] },
    }),
    'less than before': situation({ asked: { ...access, scopes: ['openid'] } }),
  })
})

function withoutSession(): Interaction {
  const { enteredWith: _, ...rest } = interaction
  return rest
}

test('an operator reads why a login was required', () => {
  const why = (given: Situation): string => {
    const decision = decide(given)
    assert.ok(decision.next === 'refuse')
    return decision.refused.evidence.received
  }
  const silent = { prompt: 'none' }
  assert.equal(why(situation({ session: undefined }, silent)), 'a browser without a live session')
  assert.equal(
    why(situation({}, { ...silent, max_age: '60' })),
    'a login 100 s ago, with max_age 60',
  )
  assert.match(why(situation({}, { ...silent, hinted_subject: 'bob' })), /another user/)
  assert.match(why(situation({ allowed: undefined }, silent)), /openid accounts at https:/)
})
