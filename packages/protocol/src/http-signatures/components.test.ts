import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { component, type Component } from './components.ts'
import type { HttpMessage, HttpRequest } from './message.ts'
import { signatureBase } from './signature-base.ts'

const request: HttpRequest = {
  method: 'GET',
  targetUri: 'https://api.example/accounts?a=1&a=2&b=3',
  headers: [
    'Accept',
    'text/html',
    'X-Dict',
    'a=1',
    'X-Twice',
    'a=1',
    'X-Twice',
    'a=2',
    'X-Odd',
    'é',
  ],
}
const response = { status: 200, headers: ['Date', 'today'], request }

const of = (...components: readonly Component[]): readonly Component[] => components

const refused: Readonly<Record<string, readonly [readonly Component[], HttpMessage?]>> = {
  'a field that is not there': [of(component('date'))],
  'a field in capitals': [of(component('Accept'))],
  'an empty name': [of(component(''))],
  'a name with a space': [of(component('accept language'))],
  'a value that is not ASCII': [of(component('x-odd'))],
  'a value that is not ASCII, as bytes': [of(component('x-odd', { bs: true }))],
  'a component nobody knows': [of(component('@fragment'))],
  'a component named like a member of every object': [of(component('@constructor'))],
  '@signature-params': [of(component('@signature-params'))],
  '@status of a request': [of(component('@status'))],
  '@method of a response': [of(component('@method')), response],
  '@status of the request of a response': [of(component('@status', { req: true })), response],
  'req in a request': [of(component('accept', { req: true }))],
  'a field of the request, without req, in a response': [of(component('accept')), response],
  'req that is no flag': [of(component('accept', { req: 'yes' })), response],
  'req that is false': [of(component('accept', { req: false })), response],
  'sf, because nobody knows the type of a field': [of(component('x-dict', { sf: true }))],
  'tr, because nobody sees trailers': [of(component('accept', { tr: true }))],
  'a parameter nobody knows': [of(component('accept', { x: true }))],
  'name of a field': [of(component('accept', { name: 'a' }))],
  'key of a derived component': [of(component('@method', { key: 'a' }))],
  'key that is no string': [of(component('x-dict', { key: 1 }))],
  'key of a member that is not there': [of(component('x-dict', { key: 'b' }))],
  'key of a field that is no dictionary': [of(component('accept', { key: 'text' }))],
  'key of a member that occurs twice': [of(component('x-twice', { key: 'a' }))],
  'bs with key': [of(component('x-dict', { bs: true, key: 'a' }))],
  '@query-param without a name': [of(component('@query-param'))],
  '@query-param that is not there': [of(component('@query-param', { name: 'c' }))],
  '@query-param that occurs twice': [of(component('@query-param', { name: 'a' }))],
  'a component twice': [of(component('accept'), component('accept'))],
  'a component twice, its parameters in another order': [
    of(component('x-dict', { req: true, key: 'a' }), component('x-dict', { key: 'a', req: true })),
    response,
  ],
  'a target that is no URI': [of(component('@path')), { ...request, targetUri: '/accounts' }],
  'a target with a fragment': [of(component('@query')), { ...request, targetUri: 'https://a/#b' }],
  'a target without authority': [of(component('@authority')), { ...request, targetUri: '*' }],
  'a target that is not ASCII': [
    of(component('@target-uri')),
    { ...request, targetUri: 'https://a/é' },
  ],
  'a method with a line break': [of(component('@method')), { ...request, method: 'GET\nx: y' }],
  'a value with a line break of its own': [
    of(component('accept')),
    { ...request, headers: ['Accept', 'a\n"@method": POST'] },
  ],
}

describe('RFC 9421 §2.5, no signature base for', () => {
  for (const [title, [components, message = request]] of Object.entries(refused)) {
    test(title, () => {
      assert.throws(() => signatureBase({ components, parameters: new Map() }, message), {
        name: 'UnsignableComponent',
      })
    })
  }
})

test('RFC 9421 §2 one field may be covered of the response and of its request', () => {
  const components = of(component('date'), component('x-dict', { key: 'a', req: true }))
  assert.equal(
    signatureBase({ components, parameters: new Map([['created', 1]]) }, response),
    '"date": today\n"x-dict";key="a";req: 1\n"@signature-params": ("date" "x-dict";key="a";req);created=1',
  )
})
