import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAmount } from './amount.ts'

test('an amount is read as people of several countries write it', () => {
  for (const [text, cents] of [
    ['12', 1_200],
    ['12,5', 1_250],
    ['12.50', 1_250],
    ['0,01', 1],
    ['1.234,56', 123_456],
    ['1,234.56', 123_456],
    ['1234.56', 123_456],
    ['1 234,56 €', 123_456],
    ['1.234', 123_400],
    ['1.234.567', 123_456_700],
  ] as const) {
    assert.equal(parseAmount(text), cents, text)
  }
})

test('what could mean two things, or nothing, is not read', () => {
  for (const text of [
    '',
    'abc',
    '-5',
    '1,2,3',
    '1.234.56',
    '12,345.678,9',
    '1e3',
    '.5',
    '12,',
    '1..2',
    '9'.repeat(20),
  ]) {
    assert.equal(parseAmount(text), undefined, text)
  }
})
