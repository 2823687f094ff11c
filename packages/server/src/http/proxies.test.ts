import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trustedProxies } from './proxies.ts'

const { sent, callerOf } = trustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

/** Who the request is taken to come from, over a connection from `peer`. */
const caller = (peer: string | undefined, field?: string | string[]): string =>
  callerOf({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': field } })
const trusts = (peer: string): boolean => sent({ socket: { remoteAddress: peer } })

test('MTLS-09 a proxy is who connects from a listed address, and nobody else', () => {
  for (const peer of ['10.1.2.3', '127.0.0.1', '::ffff:10.9.9.9', 'fd12::1']) {
    assert.ok(trusts(peer), peer)
  }
  for (const peer of ['11.0.0.1', '127.0.0.2', '::1', 'fe80::1', '', 'localhost', '10.0.0']) {
    assert.ok(!trusts(peer), peer)
  }
})

test('MTLS-09 with no proxy listed, nobody is one', () => {
  assert.ok(!trustedProxies([]).sent({ socket: { remoteAddress: '127.0.0.1' } }))
})

test('whoever is no proxy cannot say who it is', () => {
  for (const field of ['1.2.3.4', '10.0.0.1', ['1.2.3.4', '5.6.7.8'], '', 'x']) {
    assert.equal(caller('203.0.113.7', field), '203.0.113.7')
  }
})

test('behind a proxy a caller is whom the proxy names, whatever the caller wrote before', () => {
  for (const [field, address] of [
    ['198.51.100.1', '198.51.100.1'],
    ['1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['10.5.5.5, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1,, ,198.51.100.1', '198.51.100.1'],
    [['1.2.3.4', '198.51.100.1'], '198.51.100.1'],
    ['2001:db8::7', '2001:db8::7'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
  ] as const) {
    const given = typeof field === 'string' ? field : [...field]
    assert.equal(caller('10.0.0.1', given), address, String(field))
  }
})

test('behind several proxies a caller is whom the outermost of them names', () => {
  assert.equal(caller('10.0.0.1', '1.2.3.4, 198.51.100.1, 10.0.0.3, fd00::2'), '198.51.100.1')
  assert.equal(caller('10.0.0.1', '10.0.0.9, 10.0.0.3'), '10.0.0.9')
})

test('a proxy that names nobody is the caller itself', () => {
  for (const field of [
    undefined,
    '',
    'unknown',
    '_hidden',
    '1.2.3.4, unknown',
    '1.2.3.4, ',
    '1.2.3',
  ]) {
    assert.equal(caller('10.0.0.1', field), '10.0.0.1', field ?? 'nothing')
  }
  assert.equal(caller('10.0.0.1', 'unknown, 10.0.0.2'), '10.0.0.2')
})

test('a connection that is gone comes from nowhere', () => {
  assert.equal(caller(undefined, '1.2.3.4'), '')
})
