import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCookies } from './cookies.ts'

test('BFF-03 BFF-04 takes no other name for one of ours: sibling hosts may set those', () => {
  // Node reads header bytes as Latin-1; the prefix of a browser binds the exact name only.
  for (const space of [
    '\u00a0',
    '\u0085',
    '\u000b',
    '\u000c',
    '\u00c2\u00a0',
    '\u00e2\u0080\u0080',
  ]) {
    for (const header of [
      `${space}__Host-Http-bank=evil`,
      `__Host-Http-bank${space}=evil`,
      `a=1; ${space}__Host-Http-bank=evil`,
    ]) {
      assert.equal(readCookies(header).get('__Host-Http-bank'), undefined, JSON.stringify(header))
    }
    const own = `__Host-Http-bank=own; ${space}__Host-Http-bank=evil`
    assert.equal(readCookies(own).get('__Host-Http-bank'), 'own', JSON.stringify(own))
  }
})

test('BFF-03 takes neither of two cookies of one name', () => {
  assert.deepEqual([...readCookies('a=1; b=2; a=3')], [['b', '2']])
})

test('reads cookies as browsers write them', () => {
  assert.deepEqual(
    [...readCookies('a=1; b=x=y;c=\t3 ; none; =nameless')],
    [
      ['a', '1'],
      ['b', 'x=y'],
      ['c', '3'],
    ],
  )
  assert.equal(readCookies(undefined).size, 0)
})
