import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf } from './key-of.ts'

test('a digest, and almost every name, is its own key', () => {
  for (const name of ['', 'app', '1800000.E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', 'Zażółć']) {
    assert.equal(keyOf(name), name)
  }
})

test('names that PostgreSQL cannot keep are told apart to the last character', () => {
  const names = [
    'a\0',
    'a\0b',
    '\ud800',
    '\ud801',
    '\ufffd\0',
    'x'.repeat(201),
    `${'x'.repeat(201)}y`,
  ]
  const keys = names.map(keyOf)
  assert.equal(new Set(keys).size, names.length)
  for (const key of keys) assert.match(key, /^#[\w-]{43}$/)
})

test('nobody can choose a name that is the key of another', () => {
  const key = keyOf('x'.repeat(201))
  assert.notEqual(keyOf(key), key)
})
