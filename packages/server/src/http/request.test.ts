import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formTarget } from './answer.ts'
import { isForm, namesOneHost, pathOf, queryOf, readFields } from './request.ts'

test('DPOP-PRF-01 DPOP-PRF-17 OAU-10 every field is there, in order, whatever the case of its name', () => {
  const rawHeaders = [
    'DPoP',
    'a',
    'Host',
    'h',
    'dpop',
    'b',
    'AUTHORIZATION',
    'c',
    'x-dpop',
    'd',
    'authorization',
    'e',
  ]
  assert.deepEqual(readFields({ rawHeaders }), {
    dpop: ['a', 'b'],
    authorization: ['c', 'e'],
    contentType: undefined,
  })
})

test('PAR-01 two content types are none that exists', () => {
  const form = 'application/x-www-form-urlencoded'
  assert.equal(readFields({ rawHeaders: ['Content-Type', form] }).contentType, form)
  const { contentType } = readFields({ rawHeaders: ['Content-Type', form, 'content-type', form] })
  assert.equal(isForm(contentType), false)
})

test('a form is a form with parameters and in any case', () => {
  for (const type of [
    'application/x-www-form-urlencoded; charset=utf-8',
    'Application/X-WWW-Form-URLEncoded',
  ]) {
    assert.equal(isForm(type), true)
  }
  for (const type of [undefined, '', 'text/plain', 'application/x-www-form-urlencodedx']) {
    assert.equal(isForm(type), false)
  }
})

test('path and query are parted at the first question mark, untouched', () => {
  assert.deepEqual(
    [pathOf({ url: '/a?b?c=%zz' }), queryOf({ url: '/a?b?c=%zz' })],
    ['/a', 'b?c=%zz'],
  )
  assert.deepEqual([pathOf({ url: '/a' }), queryOf({ url: '/a' })], ['/a', ''])
})

test('one host is one, none only in HTTP/1.0, two never', () => {
  const hosts = (count: number, httpVersion: string): boolean =>
    namesOneHost({
      rawHeaders: Array.from({ length: count }, () => ['Host', 'a']).flat(),
      httpVersion,
    })
  assert.deepEqual([hosts(1, '1.1'), hosts(0, '1.0')], [true, true])
  assert.deepEqual([hosts(0, '1.1'), hosts(2, '1.1'), hosts(2, '1.0')], [false, false, false])
})

for (const [url, target] of [
  ['https://app.example/cb?x=1', ['https://app.example']],
  ['https://app.example:8443/cb', ['https://app.example:8443']],
  ['http://127.0.0.1:4000/cb', ['http://127.0.0.1:4000']],
  ['http://[::1]:4000/cb', ['http:']],
  ['https://app.example;script-src*/cb', []],
  ['javascript:alert(1)', []],
  ['no url', []],
  [undefined, []],
] as const) {
  test(`a form may lead to ${JSON.stringify(target)} for ${url}`, () => {
    assert.deepEqual(formTarget(url), target)
  })
}
