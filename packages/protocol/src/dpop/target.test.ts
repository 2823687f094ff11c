import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameTarget, withoutQuery } from './target.ts'

const URL_OF_TOKEN = 'https://as.example/a/token'

for (const htu of [
  'https://as.example/a/token',
  'https://as.example/a/token?x=1',
  'https://as.example/a/token#f',
  'https://as.example/a/token?x=1#f',
  'https://as.example/a/token?',
  'HTTPS://AS.Example/a/token',
  'https://as.example:443/a/token',
  'https://as.example/a/%74oken',
  'https://as.example/%61/token',
  'https://as.example/b/../a/./token',
  'https://as.example/b/%2e%2E/a/token',
]) {
  test(`DPOP-PRF-10 ${htu} is a spelling of the URL`, () => {
    assert.ok(sameTarget(htu, URL_OF_TOKEN))
  })
}

for (const htu of [
  '',
  '/a/token',
  'token',
  'http://as.example/a/token',
  'https://as.example:8443/a/token',
  'https://as.example/a/token/',
  'https://as.example/a/Token',
  'https://as.example/a//token',
  'https://as.example/a%2Ftoken',
  'https://as.example/token',
  'https://evil.example/a/token',
  'https://as.example.evil.example/a/token',
  'https://as.example@evil.example/a/token',
  'https://evil@as.example/a/token',
  'https://as.example./a/token',
  String.raw`https:\\as.example\a\token`,
  'https:as.example/a/token',
  'https:///as.example/a/token',
  ' https://as.example/a/token',
  'https://as.example/a/to\nken',
  'https://as.example/a/token ',
  'https://as.example/ä/../a/token',
  'https://as.example:/a:token',
  'https://[as.example]/a/token',
  'https://as.example:99999/a/token',
  'urn:as.example/a/token',
]) {
  test(`DPOP-PRF-09 ${JSON.stringify(htu)} is not the URL`, () => {
    assert.ok(!sameTarget(htu, URL_OF_TOKEN))
  })
}

test('DPOP-PRF-10 reserved characters keep their escapes, in either case', () => {
  assert.ok(sameTarget('https://as.example/a%2fb', 'https://as.example/a%2Fb'))
  assert.ok(!sameTarget('https://as.example/a/b', 'https://as.example/a%2Fb'))
  assert.ok(sameTarget('https://as.example', 'https://as.example/'))
})

test('DPOP-PRF-09 two texts that are no URL are not the same URL', () => {
  assert.ok(!sameTarget('token', 'token#f'))
})

test('what is told of a target has no query', () => {
  assert.equal(withoutQuery('https://a/b?access_token=s#f'), 'https://a/b')
  assert.equal(withoutQuery('https://a/b#access_token=s'), 'https://a/b')
  assert.equal(withoutQuery('https://a/b'), 'https://a/b')
})

test('a long htu is compared in linear time', () => {
  assert.ok(!sameTarget(`https://as.example/${'%2e./'.repeat(20_000)}`, URL_OF_TOKEN))
})
