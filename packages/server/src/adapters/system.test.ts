import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemRandom } from './system.ts'

test('SP-CR-06 a token has at least as many bits as were asked for, and never comes twice', () => {
  const tokens = Array.from({ length: 2_000 }, (_, index) =>
    systemRandom.token(index % 2 === 0 ? 128 : 256),
  )
  for (const [index, token] of tokens.entries()) {
    assert.match(token, /^[A-Za-z0-9_-]+$/)
    assert.equal(Buffer.from(token, 'base64url').length * 8, index % 2 === 0 ? 128 : 256)
  }
  assert.equal(new Set(tokens).size, tokens.length)
})

test('SP-CR-06 no piece of what was given is given again', () => {
  const given = Buffer.concat(
    Array.from({ length: 1_000 }, () => Buffer.from(systemRandom.token(256), 'base64url')),
  )
  const pieces = Array.from({ length: given.length / 8 }, (_, index) =>
    given.toString('hex', 8 * index, 8 * index + 8),
  )
  assert.equal(new Set(pieces).size, pieces.length)
})

test('a token may be larger than what is kept ready', () => {
  assert.equal(Buffer.from(systemRandom.token(100_000), 'base64url').length, 12_500)
})

test('the clock counts whole seconds, and milliseconds of the same time', () => {
  const before = Date.now()
  const [seconds, milliseconds] = [systemClock.now(), systemClock.milliseconds()]
  assert.ok(Number.isInteger(seconds))
  assert.ok(milliseconds >= before && seconds * 1000 >= before - 1000)
})
