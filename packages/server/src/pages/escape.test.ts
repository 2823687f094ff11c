import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abridge, escapeHtml, Exact, linkable } from './escape.ts'

test('nothing that ends a text or an attribute survives', () => {
  assert.equal(escapeHtml(`<a b="c" d='e'>&`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
})

test('bidirectional overrides and control characters become visible', () => {
  assert.equal(escapeHtml('bank\u202Eknab\u2066\u0000\u0007'), 'bank\uFFFDknab\uFFFD\uFFFD\uFFFD')
  assert.equal(escapeHtml('two\nlines\tof שלום 👩‍👩‍👧'), 'two\nlines\tof שלום 👩‍👩‍👧')
})

test('an exact value keeps every character, escaped', () => {
  assert.equal(escapeHtml(new Exact('a\u202E"<')), 'a\u202E&quot;&lt;')
})

test('half a character does not break the encoding', () => {
  assert.equal(escapeHtml('a\uD83D'), 'a\uFFFD')
})

test('a name is cut between characters as people see them', () => {
  const family = '👩‍👩‍👧'
  assert.equal(abridge('x'.repeat(100)), 'x'.repeat(100))
  assert.equal(abridge('x'.repeat(10_000)), `${'x'.repeat(100)}…`)
  assert.equal(abridge(family.repeat(20)), family.repeat(20))
  assert.ok(abridge(`${family.repeat(49)}${'y'.repeat(900)}`).startsWith(family.repeat(49)))
  assert.ok(abridge(`a${'\u0301'.repeat(10_000)}`).length <= 401)
})

test('only web addresses become links', () => {
  assert.equal(linkable('https://bank.example/a'), 'https://bank.example/a')
  for (const address of ['javascript:alert(1)', 'data:text/html,x', ' vbscript:x', '/a', '']) {
    assert.equal(linkable(address), undefined, address)
  }
  assert.equal(linkable(undefined), undefined)
})
