import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serialiseChallenges } from './challenge.ts'

test('DPOP-RS-03 a challenge is its scheme and its parameters, quoted', () => {
  const parameters = [
    ['algs', 'ES256 PS256'],
    ['error', undefined],
    ['max_age', 60],
  ] as const
  assert.equal(
    serialiseChallenges([{ scheme: 'DPoP', parameters }]),
    'DPoP algs="ES256 PS256", max_age="60"',
  )
})

test('several challenges share one header, and one may have no parameters', () => {
  const text = serialiseChallenges([
    { scheme: 'DPoP', parameters: [['algs', 'ES256']] },
    { scheme: 'Bearer', parameters: [] },
  ])
  assert.equal(text, 'DPoP algs="ES256", Bearer')
})

test('a value cannot end its quotes', () => {
  const parameters = [['scope', String.raw`a" b\ `]] as const
  assert.equal(
    serialiseChallenges([{ scheme: 'Bearer', parameters }]),
    String.raw`Bearer scope="a\" b\\ "`,
  )
})
