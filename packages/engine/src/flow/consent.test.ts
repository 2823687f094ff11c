import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessAllowed, accessAsked, covers, together } from './consent.ts'
import { API, createScene, ISSUER, parameters } from './testing/scene.ts'

const { service } = createScene().ports
const access = (scopes: string, resources: string): Parameters<typeof covers>[1] => ({
  scopes: scopes.split(' '),
  resources: resources.split(' '),
})

test('a request without a resource asks for the default one by name', () => {
  assert.deepEqual(accessAsked(parameters, service), access('openid accounts', ISSUER))
  const { resources } = accessAsked({ ...parameters, resource: [API] }, service)
  assert.deepEqual(resources, [API])
})

test('what was allowed for one resource is not allowed for the default one', () => {
  const asked = accessAsked(parameters, service)
  assert.equal(covers(access('openid accounts', API), asked), false)
  assert.equal(covers(access('openid accounts', `${API} ${ISSUER}`), asked), true)
})

test('an allowance that names no resource is for the default one', () => {
  const row = { subject: 's', clientId: 'c', scopes: ['a'], resources: [], updatedAt: 0 }
  assert.deepEqual(accessAllowed(row, service), access('a', ISSUER))
  assert.equal(accessAllowed(undefined, service), undefined)
})

test('OIDC-13 a claim asked for by name has to be allowed like the scope that brings it', () => {
  const scopesFor = (claims: unknown): readonly string[] =>
    accessAsked({ ...parameters, scope: 'openid', claims: JSON.stringify(claims) }, service).scopes
  assert.deepEqual(scopesFor({ userinfo: { email: null } }), ['openid', 'email'])
  assert.deepEqual(scopesFor({ id_token: { email_verified: null, given_name: null } }), [
    'openid',
    'email',
    'profile',
  ])
  assert.deepEqual(scopesFor({ userinfo: { 'tax id': null } }), ['openid', 'claim:tax%20id'])
  assert.deepEqual(scopesFor({ id_token: { acr: null, auth_time: null, sub: null } }), ['openid'])
})

test('nobody who was never asked has allowed anything', () => {
  assert.equal(covers(undefined, { scopes: [], resources: [] }), false)
})

test('what is allowed now adds to what was allowed before', () => {
  assert.deepEqual(together(undefined, access('a', ISSUER)), access('a', ISSUER))
  assert.deepEqual(together(access('a b', ISSUER), access('b c', ISSUER)), access('a b c', ISSUER))
  assert.deepEqual(together(access('a', ISSUER), access('a', API)), access('a', `${ISSUER} ${API}`))
  assert.deepEqual(together(access('a b', ISSUER), access('a', ISSUER)), access('a b', ISSUER))
  assert.deepEqual(together(access('a', API), access('a b', `${API} c`)), access('a b', `${API} c`))
})

test('less than was allowed before takes nothing away', () => {
  const before = access('a b', `${ISSUER} ${API}`)
  assert.deepEqual(together(before, access('a', API)), before)
})

test('to read here and to write there is never remembered as to write here', () => {
  const read = access('read', 'https://a.example')
  const write = access('write', 'https://b.example')
  const remembered = together(read, write)
  assert.equal(covers(remembered, write), true)
  assert.equal(covers(remembered, access('write', 'https://a.example')), false)
  assert.equal(covers(remembered, access('read', 'https://b.example')), false)

  const partly = together(access('a b', 'x'), access('b c', 'x y'))
  assert.equal(covers(partly, access('a', 'y')), false)
})
