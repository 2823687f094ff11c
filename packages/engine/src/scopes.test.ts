import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKnownScope, isOpenIdScope, OPENID_SCOPES } from './scopes.ts'
import { SERVICE } from './testing/index.ts'

test('a scope is known when OpenID Connect or the service has it', () => {
  for (const name of [...OPENID_SCOPES, 'accounts', 'payments']) {
    assert.ok(isKnownScope(SERVICE, name), name)
  }
})

test('no name of every object is a scope, nor is one in another case', () => {
  const names = ['', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'OpenID', 'Accounts']
  for (const name of names) {
    assert.equal(isKnownScope(SERVICE, name), false, name)
    assert.equal(isOpenIdScope(name), false, name)
  }
})

test('a scope of the service is none of OpenID Connect', () => {
  assert.equal(isOpenIdScope('accounts'), false)
  assert.equal(isOpenIdScope('openid'), true)
})
