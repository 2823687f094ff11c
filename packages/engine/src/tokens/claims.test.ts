import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idTokenClaims, userinfoClaims, permittedClaims } from './claims.ts'
import { KNOWN } from './testing/granted.ts'

const asked = (member: 'userinfo' | 'id_token', claims: object): string =>
  JSON.stringify({ [member]: claims })

test('OIDC-13 tells nothing that was not asked for', () => {
  assert.deepEqual(userinfoClaims(KNOWN, ['openid', 'accounts'], undefined), {})
  assert.deepEqual(idTokenClaims(KNOWN, undefined), {})
})

test('OIDC-13 what is asked for in one place is not told in the other', () => {
  assert.deepEqual(idTokenClaims(KNOWN, asked('userinfo', { email: null })), {})
  assert.deepEqual(userinfoClaims(KNOWN, ['openid'], asked('id_token', { email: null })), {})
})

test('OIDC-13 a claim of ours cannot be taken from the user by asking for it', () => {
  const claims = { sub: null, nonce: { essential: true }, iss: null, cnf: null, acr: null }
  const known = { ...KNOWN, iss: 'x', cnf: 'x', acr: 'x' }
  assert.deepEqual(idTokenClaims(known, asked('id_token', claims)), {})
  assert.deepEqual(userinfoClaims(known, ['openid'], asked('userinfo', claims)), {})
})

test('OIDC-13 members every object has are no claims', () => {
  const claims = '{"userinfo":{"__proto__":null,"constructor":null,"toString":{"essential":true}}}'
  const told = userinfoClaims(KNOWN, ['openid'], claims)
  assert.deepEqual(Object.keys(told), [])
  assert.equal(Object.getPrototypeOf(told), Object.prototype)
})

test('OIDC-13 unknown claims and a request for another value are left out, never an error', () => {
  const claims = {
    shoe_size: { essential: true },
    email: { value: 'bob@example.com' },
    given_name: { values: ['Bob', 'Alice'] },
    address: { value: { country: 'DE' } },
  }
  assert.deepEqual(idTokenClaims(KNOWN, asked('id_token', claims)), {
    given_name: 'Alice',
    address: { country: 'DE' },
  })
})

test('OIDC-11 each scope brings its claims, as far as they are known', () => {
  assert.deepEqual(userinfoClaims(KNOWN, ['openid', 'profile'], undefined), {
    name: 'Alice Example',
    given_name: 'Alice',
  })
  assert.deepEqual(userinfoClaims(KNOWN, ['email'], undefined), {
    email: 'alice@example.com',
    email_verified: true,
  })
  assert.deepEqual(userinfoClaims(KNOWN, ['address', 'phone'], undefined), {
    address: { country: 'DE' },
    phone_number: '+49 30 1234567',
  })
})

test('OIDC-13 a claim beyond the scopes is told where it was asked for', () => {
  assert.deepEqual(userinfoClaims(KNOWN, ['openid'], asked('userinfo', { iban: null })), {
    iban: KNOWN['iban'],
  })
})

test('a claim that is empty of value is left out', () => {
  assert.deepEqual(
    userinfoClaims({ name: null, email: undefined }, ['profile', 'email'], undefined),
    {},
  )
})

test('OIDC-13 leaves out of a claims parameter what the client is not registered for', () => {
  const everything = JSON.stringify({
    userinfo: { email: { essential: true }, name: null, tax_id: null },
    id_token: { email_verified: null, auth_time: { essential: true } },
  })
  assert.deepEqual(JSON.parse(permittedClaims(everything, new Set(['openid', 'profile']))), {
    userinfo: { name: null, tax_id: null },
    id_token: { auth_time: { essential: true } },
  })
  assert.deepEqual(
    JSON.parse(permittedClaims(everything, new Set(['openid', 'profile', 'email']))),
    JSON.parse(everything),
  )
  assert.deepEqual(JSON.parse(permittedClaims('{"userinfo":null}', new Set())), {
    userinfo: {},
    id_token: {},
  })
})
