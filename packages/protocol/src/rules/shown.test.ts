import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shown } from './shown.ts'

test('what somebody sent is shown in one line of ASCII, marked as a quotation', () => {
  assert.equal(shown('a'), '"a"')
  assert.equal(shown(undefined), 'nothing')
  assert.equal(shown('undefined'), '"undefined"')
  assert.equal(shown(['a', 1]), '["a",1]')
  assert.equal(
    shown('a\n{"level":"info"}\u001b[31m\u2028ä'),
    String.raw`"a\n{\"level\":\"info\"}\u001b[31m\u2028\u00e4"`,
  )
})

test('what somebody sent is shown in part if it is long', () => {
  assert.ok(shown('a'.repeat(100_000)).length < 220)
  assert.ok(shown(Array.from({ length: 1000 }, () => 'abc')).length < 220)
})
