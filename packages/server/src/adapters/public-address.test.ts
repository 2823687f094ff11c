import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicAddress } from './public-address.ts'

const NOT_PUBLIC = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  'private networks': ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'link-local, where clouds keep their credentials': ['169.254.169.254', 'fe80::1', 'fe80::1%eth0'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  'unique local IPv6': ['fc00::1', 'fd12:3456::1'],
  'IPv4-mapped IPv6': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8'],
  'IPv6 that carries IPv4': ['::127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:7f00:1::'],
  'the unspecified address': ['0.0.0.0', '::'],
  'multicast and broadcast': ['224.0.0.1', '239.1.1.1', '255.255.255.255', 'ff02::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  'no address': ['', 'localhost', '127.1', '0x7f000001', '8.8.8.8 '],
}

for (const [kind, addresses] of Object.entries(NOT_PUBLIC)) {
  test(`PKJ-13 not public: ${kind}`, () => {
    for (const address of addresses) assert.equal(isPublicAddress(address), false, address)
  })
}

test('public addresses are public', () => {
  for (const address of [
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
  ]) {
    assert.equal(isPublicAddress(address), true, address)
  }
})
