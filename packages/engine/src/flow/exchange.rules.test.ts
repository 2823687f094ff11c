import { breaches } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthorizationCode } from '../store/ephemeral.ts'
import { CHALLENGE, createStage, REDIRECT_URI, VERIFIER } from '../testing/index.ts'
import { codeAgeRules, exchangeRules, type CodeAge, type Exchange } from './exchange.rules.ts'

const { client } = createStage().app

const code: AuthorizationCode = {
  digest: 'digest',
  grantId: 'grant',
  authorization: {
    clientId: client.id,
    subject: 'alice',
    scopes: ['accounts'],
    resources: [],
    authTime: 1,
    acr: 'acr',
    amr: [],
    sid: 'sid',
  },
  redirectUri: REDIRECT_URI,
  codeChallenge: CHALLENGE,
  dpopJkt: 'the key',
  expiresAt: 60,
  keptUntil: 600,
}

const good: Exchange = {
  client,
  presented: true,
  code,
  redirectUri: REDIRECT_URI,
  verifier: VERIFIER,
  confirmation: { jkt: 'the key' },
}

/** An exchange every rule accepts, changed in the one respect under test. */
const bringing = (change: Partial<Exchange>): Exchange => ({ ...good, ...change })

proveRule(exchangeRules, 'OAU-05', {
  good,
  refuses: { 'a request without a code': bringing({ presented: false, code: undefined }) },
})

proveRule(exchangeRules, 'SP-AS-11', {
  good,
  refuses: { 'a code nobody knows': bringing({ code: undefined }) },
})

proveRule(exchangeRules, 'OAU-03', {
  good,
  refuses: {
    'a code of another client': bringing({
      code: { ...code, authorization: { ...code.authorization, clientId: 'other' } },
    }),
    'a code of a client of almost the same name': bringing({
      code: { ...code, authorization: { ...code.authorization, clientId: 'App' } },
    }),
  },
})

proveRule(exchangeRules, 'OAU-11', {
  good,
  refuses: {
    'no redirect_uri, though PKCE exists': bringing({ redirectUri: undefined }),
    'another registered redirect_uri': bringing({ redirectUri: `${REDIRECT_URI}?tenant=1` }),
    'the same redirect_uri in another case': bringing({ redirectUri: REDIRECT_URI.toUpperCase() }),
    'the same redirect_uri with a slash': bringing({ redirectUri: `${REDIRECT_URI}/` }),
  },
})

test('whoever sends the whole callback as redirect_uri does not write the code into the audit', () => {
  const redirectUri = `${REDIRECT_URI}?tenant=1&code=SplxlOBeZQQYbYS6WxSbIA&state=s#code=more`
  const [refused] = breaches(exchangeRules, bringing({ redirectUri }))
  assert.equal(refused?.evidence.id, 'OAU-11')
  assert.equal(refused.evidence.received, `${REDIRECT_URI}?tenant=1&code=…&state=s#code=…`)
})

proveRule(exchangeRules, 'PKCE-06', {
  good,
  refuses: {
    'a verifier of one character': bringing({ verifier: 'a' }),
    'a verifier of 42 characters': bringing({ verifier: VERIFIER.slice(1) }),
    'a verifier of 129 characters': bringing({ verifier: 'a'.repeat(129) }),
    'a verifier with other characters': bringing({ verifier: `${VERIFIER}+` }),
  },
})

proveRule(exchangeRules, 'PKCE-04', {
  good,
  refuses: {
    'no verifier': bringing({ verifier: undefined }),
    'another verifier': bringing({ verifier: VERIFIER.toUpperCase() }),
    'the challenge in the place of the verifier': bringing({ verifier: CHALLENGE }),
  },
})

proveRule(exchangeRules, 'DPOP-JKT-01', {
  good,
  refuses: {
    'a proof by another key': bringing({ confirmation: { jkt: 'another key' } }),
    'a certificate': bringing({ confirmation: { 'x5t#S256': 'the key' } }),
  },
})

proveRule<CodeAge, CodeAge>(codeAgeRules, 'SP-AS-11', {
  good: { expiresAt: 60, now: 59 },
  refuses: {
    'a code in the second it expires': { expiresAt: 60, now: 60 },
    'a code that expired long ago': { expiresAt: 60, now: 600 },
  },
})
