import { deepJson } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseClaimsRequest } from './claims-request.ts'

const read = (request: unknown): ReturnType<typeof parseClaimsRequest> =>
  parseClaimsRequest(JSON.stringify(request))

describe('OIDC-13', () => {
  test('OIDC-13 reads what is asked for in userinfo and in the ID token', () => {
    const request = read({
      userinfo: { email: { essential: true }, picture: null },
      id_token: { acr: { essential: true, values: ['a', 'b'] }, sub: { value: 'alice' } },
    })
    assert.deepEqual(
      [...(request?.userinfo ?? [])],
      [
        ['email', { essential: true }],
        ['picture', { essential: false }],
      ],
    )
    assert.deepEqual(
      [...(request?.idToken ?? [])],
      [
        ['acr', { essential: true, values: ['a', 'b'] }],
        ['sub', { essential: false, values: ['alice'] }],
      ],
    )
  })

  test('OIDC-13 never fails on unknown claims and members', () => {
    const request = read({
      verified_claims: { x: 1 },
      userinfo: { 'http://example.info/claims/groups': null, nobody_knows: { purpose: 'x' } },
      id_token: null,
    })
    assert.equal(request?.userinfo.size, 2)
    assert.equal(request.idToken.size, 0)
    assert.ok(read({}))
  })

  test('OIDC-13 reads a value that is null, false or an object as a value', () => {
    const asked = read({ id_token: { a: { value: false }, b: { value: null }, c: { value: {} } } })
    assert.deepEqual(asked?.idToken.get('a')?.values, [false])
    assert.deepEqual(asked.idToken.get('b')?.values, [null])
    assert.deepEqual(asked.idToken.get('c')?.values, [{}])
  })

  const malformed: Readonly<Record<string, string>> = {
    'an empty text': '',
    'no JSON': '{',
    'JSON with something after it': '{} x',
    null: 'null',
    'an array': '[]',
    'a text': '"userinfo"',
    'userinfo as an array': '{"userinfo":[]}',
    'userinfo as a text': '{"userinfo":"email"}',
    'a claim that is true': '{"userinfo":{"email":true}}',
    'a claim that is an array': '{"userinfo":{"email":[]}}',
    'essential as a text': '{"userinfo":{"email":{"essential":"true"}}}',
    'essential as null': '{"userinfo":{"email":{"essential":null}}}',
    'values that are no array': '{"id_token":{"acr":{"values":"a"}}}',
    'a member that occurs twice': '{"userinfo":{"email":null},"userinfo":{"phone":null}}',
    'a claim that occurs twice': '{"userinfo":{"email":null,"email":{"essential":true}}}',
    'more claims than anybody has': JSON.stringify({
      userinfo: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`c${index}`, null])),
    }),
    'deep objects': `{"userinfo":{"a":{"value":${deepJson(10_000)}}}}`,
    'deep arrays': `{"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    'arrays that do not end': '['.repeat(60_000),
    'a name that is no text': String.raw`{"userinfo":{"\ud800":null}}`,
    'a long value': JSON.stringify({ userinfo: { a: { value: 'x'.repeat(20_000) } } }),
  }
  for (const [title, claims] of Object.entries(malformed)) {
    test(`OIDC-13 takes ${title} for no claims request`, () => {
      assert.equal(parseClaimsRequest(claims), undefined)
    })
  }

  test('OIDC-13 reads names of every object as claims like others, and alters no object by them', () => {
    const request = parseClaimsRequest(
      '{"__proto__":{"id_token":{"x":null}},"userinfo":{"__proto__":{"essential":true},"constructor":null}}',
    )
    assert.deepEqual([...(request?.userinfo.keys() ?? [])], ['__proto__', 'constructor'])
    assert.equal(request?.idToken.size, 0)
    assert.equal(Reflect.get({}, 'essential'), undefined)
    const inherited = parseClaimsRequest('{"id_token":{"a":{"__proto__":{"essential":true}}}}')
    assert.deepEqual(inherited?.idToken.get('a'), { essential: false })
  })
})
