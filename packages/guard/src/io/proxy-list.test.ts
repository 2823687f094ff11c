import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProxyList } from './proxy-list.ts'

test('MTLS-09 a proxy is who connects from a listed address or network, of either family', () => {
  const isProxy = createProxyList(['10.1.0.0/16', '192.168.0.1', 'fd00::/8', '2001:db8::1'])
  for (const address of [
    '10.1.255.1',
    '::ffff:10.1.0.1',
    '192.168.0.1',
    'fd12::1',
    '2001:db8::1',
  ]) {
    assert.equal(isProxy(address), true, address)
  }
  for (const address of [
    '10.2.0.1',
    '192.168.0.2',
    'fe80::1',
    '2001:db8::2',
    '',
    'x',
    '10.1.0.1:80',
  ]) {
    assert.equal(isProxy(address), false, address)
  }
})

test('MTLS-09 nobody is a proxy by mistake: the whole internet is no network', () => {
  for (const entry of [
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    'localhost',
    '',
  ]) {
    assert.throws(() => createProxyList([entry]), TypeError, entry)
  }
  assert.equal(createProxyList([])('127.0.0.1'), false)
})
