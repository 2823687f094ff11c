import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearCookie, cookieNames, readCookie, setCookie } from './cookies.ts'
import { isSameOrigin } from './same-origin.ts'

const { session } = cookieNames('https://as.example')

test('two issuers on one host have different cookies', () => {
  const [one, other] = [cookieNames('https://as.example/a'), cookieNames('https://as.example/b')]
  assert.notEqual(one.session, other.session)
  assert.equal(new Set([one.session, one.browser, one.device]).size, 3)
})

test('a cookie is bound to this host, unseen by scripts and sent over TLS only', () => {
  assert.match(session, /^__Host-signet-[0-9a-f]{8}-session$/)
  const written = setCookie(session, 'value')
  assert.equal(written, `${session}=value; Path=/; Secure; HttpOnly; SameSite=Lax`)
  assert.ok(!/domain/i.test(written))
  assert.match(clearCookie(session), /=; .*; Max-Age=0$/)
})

test('a cookie is found among others', () => {
  assert.equal(readCookie(`a=b; ${session}=v-1_~.; c`, session), 'v-1_~.')
  assert.equal(readCookie(`${session}=v`, session), 'v')
})

for (const [title, header] of [
  ['missing', undefined],
  ['empty', `${session}=`],
  ['under a longer name', `x${session}=v`],
  ['under a name that begins like ours', `${session}x=v`],
  ['under a name that only looks like ours, to get past its prefix', `\u00a0${session}=v`],
  ['sent twice, so that one may be foreign', `${session}=v; ${session}=w`],
  ['with characters we never write', `${session}="v"`],
  ['far too long', `${session}=${'v'.repeat(1_025)}`],
] as const) {
  test(`a cookie is absent when it is ${title}`, () => {
    assert.equal(readCookie(header, session), undefined)
  })
}

const origin = 'https://as.example'
for (const [headers, same] of [
  [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site', origin }, false],
  [{ 'sec-fetch-site': 'cross-site', origin }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'nonsense' }, false],
  [{ origin }, true],
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'https://as.example:8443' }, false],
  [{ origin: 'http://as.example' }, false],
  [{ origin: 'null' }, true],
  [{}, true],
] as const) {
  test(`a form is ${same ? 'ours' : 'not ours'} with ${JSON.stringify(headers)}`, () => {
    assert.equal(isSameOrigin(headers, origin), same)
  })
}
