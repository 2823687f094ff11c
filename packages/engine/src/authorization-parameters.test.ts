import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readParameters, words } from './authorization-parameters.ts'

test('OAU-01 reads an empty value as absent and ignores an unknown parameter', () => {
  const form = [
    ['state', ''],
    ['foo', 'bar'],
    ['resource', ''],
    ['scope', 'openid'],
  ] as const
  assert.deepEqual(readParameters(form), { scope: 'openid' })
})

test('OAU-01 reads no name of every object as a parameter, and alters no object by it', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'client_id']
  const parameters = readParameters(names.map((name) => [name, '{"scope":"admin"}'] as const))
  assert.deepEqual(Object.keys(parameters), [])
  assert.equal(Object.getPrototypeOf(parameters), Object.prototype)
  assert.equal(parameters.scope, undefined)
  assert.equal(Reflect.get({}, 'scope'), undefined)
})

test('RES-01 a resource that is named a thousand times is kept once, in the order of the first', () => {
  const form = [
    ['resource', 'https://b.example'],
    ...Array.from({ length: 1_000 }, () => ['resource', 'https://a.example'] as const),
    ['resource', 'https://b.example'],
  ] as const
  const { resource } = readParameters(form)
  assert.deepEqual(resource, ['https://b.example', 'https://a.example'])
})

test('a list of words has neither order, nor repetitions, nor empty words', () => {
  assert.deepEqual(words(undefined), [])
  assert.deepEqual(words(''), [])
  assert.deepEqual(words('   '), [])
  assert.deepEqual(words(' a  b a '), ['a', 'b'])
  assert.deepEqual(words('a\tb'), ['a\tb'])
})

test('a list of 50,000 words is split in a moment', () => {
  const list = Array.from({ length: 50_000 }, (_, index) => `w${index}`).join(' ')
  const before = performance.now()
  assert.equal(words(list).length, 50_000)
  assert.ok(performance.now() - before < 1_000)
})
