import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggest } from './suggest.ts'

const known = ['issuer', 'listen', 'lifetimes', 'redirect_uris', 'signing_algorithms']

test('a misspelt name is led to the one most like it', () => {
  assert.equal(suggest('isuer', known), 'issuer')
  assert.equal(suggest('Issuer', known), 'issuer')
  assert.equal(suggest('redirect_uri', known), 'redirect_uris')
  assert.equal(suggest('signing-algorithm', known), 'signing_algorithms')
  assert.equal(suggest('lifetime', known), 'lifetimes')
})

test('a name that is like none is led nowhere', () => {
  assert.equal(suggest('kubernetes', known), undefined)
  assert.equal(suggest('', known), undefined)
  assert.equal(suggest('issuer', []), undefined)
})
