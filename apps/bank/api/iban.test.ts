import assert from 'node:assert/strict'
import { test } from 'node:test'
import { germanIban, isIban } from './iban.ts'

test('the example of the standard is an IBAN, with and without spaces', () => {
  for (const iban of [
    'DE89 3704 0044 0532 0130 00',
    'DE89370400440532013000',
    'gb29nwbk60161331926819',
  ]) {
    assert.ok(isIban(iban), iban)
  }
})

test('a digit that is wrong, or two that changed places, make it none', () => {
  for (const iban of [
    'DE89370400440532013001',
    'DE89370400440532010300',
    'DE98370400440532013000',
  ]) {
    assert.equal(isIban(iban), false, iban)
  }
})

test('what has not the form of an IBAN is none', () => {
  for (const text of [
    '',
    'DE',
    '89370400440532013000',
    'DE89-3704-0044-0532-0130-00',
    'DE89'.repeat(20),
  ]) {
    assert.equal(isIban(text), false, text)
  }
})

test('the account numbers of this bank are IBANs', () => {
  for (const account of ['1', '42', '999999999', '7000000001']) {
    assert.ok(isIban(germanIban('99950010', account)), account)
  }
})
