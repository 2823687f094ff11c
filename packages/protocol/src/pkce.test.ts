import assert from 'node:assert/strict'
import { test } from 'node:test'
import { challengeOf, isChallenge, isVerifier, matchesChallenge } from './pkce.ts'

// RFC 7636, appendix B
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

test('PKCE-06 takes verifiers of 43 to 128 unreserved characters, and no others', () => {
  assert.ok(isVerifier(VERIFIER))
  assert.ok(isVerifier('~'.repeat(128)))
  assert.ok(!isVerifier(VERIFIER.slice(1)))
  assert.ok(!isVerifier('a'.repeat(129)))
  assert.ok(!isVerifier(''))
  for (const character of ['+', '/', '=', ' ', '\n', 'ä', '\0']) {
    assert.ok(!isVerifier(VERIFIER.slice(1) + character), `taken: ${JSON.stringify(character)}`)
  }
  assert.ok(!isVerifier(`${VERIFIER}\n`))
})

test('PKCE-06 takes challenges that a SHA-256 digest can have, and no others', () => {
  assert.ok(isChallenge(CHALLENGE))
  assert.ok(!isChallenge(CHALLENGE.slice(1)))
  assert.ok(!isChallenge(`${CHALLENGE}A`))
  assert.ok(!isChallenge(`${CHALLENGE}\n`))
  for (const character of ['+', '/', '=', '.', '~']) {
    assert.ok(!isChallenge(CHALLENGE.slice(1) + character))
  }
})

test('PKCE-02 makes the challenge of the example of RFC 7636', () => {
  assert.equal(challengeOf(VERIFIER), CHALLENGE)
})

test('PKCE-04 matches a verifier with its own challenge only', () => {
  assert.ok(matchesChallenge(VERIFIER, CHALLENGE))
  assert.ok(!matchesChallenge(VERIFIER.replace('d', 'e'), CHALLENGE))
  assert.ok(!matchesChallenge(VERIFIER, CHALLENGE.replace('E', 'F')))
  assert.ok(!matchesChallenge(CHALLENGE, CHALLENGE), 'the plain method')
})

test('PKCE-06 matches nothing with a verifier of the wrong form, even if the digest is right', () => {
  assert.ok(!matchesChallenge('short', challengeOf('short')))
  assert.ok(!matchesChallenge('', challengeOf('')))
  assert.ok(!matchesChallenge(VERIFIER, ''))
  assert.ok(!matchesChallenge(VERIFIER, `${CHALLENGE}=`))
})
