import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJti, replayDigest } from './replay.ts'

test('no two lists of parts share a digest, however they are divided', () => {
  assert.notEqual(replayDigest('ab', 'c'), replayDigest('a', 'bc'))
  assert.notEqual(replayDigest('a,b'), replayDigest('a', 'b'))
  assert.notEqual(replayDigest('a","b'), replayDigest('a', 'b'))
  assert.match(replayDigest('a'), /^[\w-]{43}$/)
})

test('a jti is a text of 1 to 256 characters', () => {
  assert.ok(isJti('a'))
  assert.ok(isJti('a'.repeat(256)))
  for (const no of ['', 'a'.repeat(257), 1, null, undefined, ['a'], {}]) assert.ok(!isJti(no))
})
