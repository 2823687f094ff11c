import { BlockList, isIP } from 'node:net'

/**
 * Whether an address is among those listed: addresses and networks, `10.0.0.1` or `10.0.0.0/8`, of either family.
 *
 * @throws TypeError for an entry that is neither, or the whole internet: then anybody could be anybody.
 */
export function createProxyList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) add(list, entry)
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
    const family = familyOf(plain)
    return family !== undefined && list.check(plain, family)
  }
}

function add(list: BlockList, entry: string): void {
  const [address = '', prefix, ...more] = entry.split('/')
  const family = familyOf(address)
  const longest = family === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? longest : Number(prefix)
  const isLength = /^\d+$/.test(prefix ?? '1') && bits >= 1 && bits <= longest
  if (family === undefined || more.length > 0 || !isLength) {
    throw new TypeError(`certificateHeader.proxies: ${entry} is no address or network`)
  }
  list.addSubnet(address, bits, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 4 ? 'ipv4' : 'ipv6'
}
