import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { duplicateName, MalformedForm, parameter, parseForm } from './form.ts'

for (const [title, body] of Object.entries({
  'a bare percent sign': 'a=%',
  'half an escape': 'a=%4',
  'an escape that is not hexadecimal': 'a=%zz',
  'an invalid escape in a name': '%f=1',
  'an overlong UTF-8 sequence': 'a=%c0%af',
  'a lone continuation byte': 'a=%80',
  'an escaped surrogate': 'a=%ed%a0%80',
  'bytes that are not UTF-8': Buffer.from([0x61, 0x3d, 0xff]),
  'a lone surrogate': 'a=\ud800',
})) {
  test(`a form with ${title} is refused`, () => {
    assert.throws(() => parseForm(body), MalformedForm)
  })
}

test('a form keeps its order and its duplicates', () => {
  assert.deepEqual(parseForm('b=2&a=1&b=3'), [
    ['b', '2'],
    ['a', '1'],
    ['b', '3'],
  ])
})

test('plus is a space, an escaped plus is a plus, and the first equals sign divides', () => {
  assert.deepEqual(parseForm('a+b=c+d%2Be=f'), [['a b', 'c d+e=f']])
})

test('a pair without equals sign has an empty value, and empty pairs are nothing', () => {
  assert.deepEqual(parseForm('&a&&=b&'), [
    ['a', ''],
    ['', 'b'],
  ])
  assert.deepEqual(parseForm(''), [])
})

test('names with a meaning in JavaScript are names like others', () => {
  assert.deepEqual(parseForm('__proto__=1&constructor=2'), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
  assert.equal(duplicateName(parseForm('__proto__=1&toString=2')), undefined)
})

test('a form reads what URLSearchParams writes', () => {
  const pair = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const written = new URLSearchParams(pairs).toString()
      assert.deepEqual(parseForm(written), pairs)
      assert.deepEqual(parseForm(Buffer.from(written)), pairs)
    }),
  )
})

test('a form is read, or refused as malformed, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseForm(Buffer.from(bytes))
      } catch (error) {
        assert.ok(error instanceof MalformedForm)
      }
    }),
  )
})

test('a body of 64 KiB with thousands of pairs is read whole', () => {
  const form = parseForm('a=%20&'.repeat(10_922))
  assert.equal(form.length, 10_922)
  assert.equal(duplicateName(form), 'a')
})

test('OAU-01 finds a parameter that occurs twice, even if its values are the same or empty', () => {
  assert.equal(duplicateName(parseForm('a=1&b=2&a=1')), 'a')
  assert.equal(duplicateName(parseForm('a=&b=2&a=')), 'a')
  assert.equal(duplicateName(parseForm('a=1&%61=1')), 'a')
})

test('OAU-01 finds a repetition wherever it stands in forms of any length', () => {
  for (const length of [2, 23, 24, 25, 100]) {
    const names = Array.from({ length }, (_, index) => `n${index}`)
    assert.equal(duplicateName(parseForm(names.join('&'))), undefined)
    for (const repeated of ['n0', `n${length - 2}`]) {
      const form = parseForm([...names.slice(0, -1), repeated].join('&'))
      assert.equal(duplicateName(form), repeated, `${repeated} among ${length}`)
      assert.equal(duplicateName(form, new Set([repeated])), undefined)
    }
  }
})

test('OAU-01 lets a parameter occur twice only if it may', () => {
  const form = parseForm('resource=x&resource=y&client_id=1')
  assert.equal(duplicateName(form, new Set(['resource'])), undefined)
  assert.equal(duplicateName(form), 'resource')
  const twice = parseForm('resource=x&resource=y&a=1&a=2')
  assert.equal(duplicateName(twice, new Set(['resource'])), 'a')
})

test('OAU-01 holds a parameter without a value for absent', () => {
  const form = parseForm('state=&scope=openid')
  assert.equal(parameter(form, 'state'), undefined)
  assert.equal(parameter(form, 'nonce'), undefined)
  assert.equal(parameter(form, 'scope'), 'openid')
})
