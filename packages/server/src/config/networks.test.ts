import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNetwork, networks } from './networks.ts'

test('MTLS-09 an address and a network are networks, and the whole internet is none', () => {
  for (const text of ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8', '192.0.2.7/32', '::/1']) {
    assert.ok(isNetwork(text), text)
  }
  for (const text of [
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fe80::1%eth0',
    'proxy.example',
    '*',
    '',
  ]) {
    assert.ok(!isNetwork(text), text)
  }
})

test('an address is in a network by its bits, also when IPv4 is written as IPv6', () => {
  const isIn = networks(['10.1.0.0/16', 'fd00::/8', '198.51.100.7'])
  for (const address of ['10.1.255.255', '::ffff:10.1.0.1', 'fdff::1', '198.51.100.7']) {
    assert.ok(isIn(address), address)
  }
  for (const address of ['10.2.0.0', '::ffff:10.2.0.1', 'fc00::1', '198.51.100.8', 'x', '']) {
    assert.ok(!isIn(address), address)
  }
})

test('what is no network is an error, not nothing', () => {
  assert.throws(() => networks(['10.0.0.0/8', '0.0.0.0/0']), RangeError)
})
