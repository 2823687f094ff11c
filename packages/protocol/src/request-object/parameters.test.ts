import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestObjectClaims } from './claims.ts'
import { requestParameters } from './parameters.ts'

const about = { iss: 'bank', sub: 'alice', aud: 'as', client_id: 'bank', iat: 1, nbf: 1, exp: 2 }
const parametersOf = (asked: object) => {
  const claims: RequestObjectClaims = { ...about, jti: 'x', ...asked }
  return requestParameters(claims)
}

test('JAR-04 what a JWT says of itself asks for nothing', () => {
  assert.deepEqual(parametersOf({}), [['client_id', 'bank']])
})

test('JAR-01 text stays as it is, also if it looks like JSON', () => {
  for (const text of ['a b', '', '1', 'null', '{"a":1}', 'ä"\\', '%41+']) {
    assert.deepEqual(parametersOf({ state: text }).at(-1), ['state', text])
  }
})

test('JAR-01 numbers become decimal, and objects JSON, as a form would have them', () => {
  const claims = { userinfo: { email: { essential: true } }, id_token: { acr: null } }
  assert.deepEqual(
    parametersOf({ max_age: 3600, claims, authorization_details: [{ type: 'a' }], flag: true }),
    [
      ['client_id', 'bank'],
      ['max_age', '3600'],
      ['claims', JSON.stringify(claims)],
      ['authorization_details', '[{"type":"a"}]'],
      ['flag', 'true'],
    ],
  )
})

test('RES-01 each resource is a parameter of its own', () => {
  assert.deepEqual(parametersOf({ resource: 'a' }).slice(1), [['resource', 'a']])
  assert.deepEqual(parametersOf({ resource: ['a', 'b'] }).slice(1), [
    ['resource', 'a'],
    ['resource', 'b'],
  ])
  assert.deepEqual(parametersOf({ resource: [] }).slice(1), [])
})

test('JAR-04 a claim with the name of a member of every object is a parameter like any other', () => {
  const asked: object = JSON.parse('{"__proto__":"x","constructor":"y"}')
  assert.deepEqual(parametersOf(asked).slice(1), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})
