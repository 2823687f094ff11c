import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * Addresses that are nobody's on the public internet, so that reaching one of them means reaching into our own network.
 *
 * @see IANA IPv4 Special-Purpose Address Registry (RFC 6890)
 */
const SPECIAL_IPV4 = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  SPECIAL_IPV4.addSubnet(network, prefix, 'ipv4')
}

/** The only IPv6 addresses that are routed on the public internet. @see RFC 4291 §2.4 */
const GLOBAL_IPV6 = new BlockList()
GLOBAL_IPV6.addSubnet('2000::', 3, 'ipv6')

/** Inside the global range: for documentation, or carrying an IPv4 address that could be a private one. */
const SPECIAL_IPV6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  SPECIAL_IPV6.addSubnet(network, prefix, 'ipv6')
}

/**
 * Whether an IP address belongs to the public internet. Private, loopback, link-local, shared (CGNAT), unique local and
 * IPv4-mapped addresses do not; neither does what is no IP address at all.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !SPECIAL_IPV4.check(address, 'ipv4')
  if (!isIPv6(address)) return false
  return GLOBAL_IPV6.check(address, 'ipv6') && !SPECIAL_IPV6.check(address, 'ipv6')
}
