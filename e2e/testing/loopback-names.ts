import dns from 'node:dns'

/**
 * Lets this process find names below `localhost` and `test` on this machine, as RFC 6761 §6.2 and §6.3 allow: not every
 * resolver knows. Also preloaded (`--import`) into the processes that a test starts.
 */
const lookup = dns.lookup
dns.lookup = Object.assign((hostname: string, ...rest: readonly unknown[]) => {
  const name = /\.(?:localhost|test)$/.test(hostname) ? '127.0.0.1' : hostname
  return Reflect.apply(lookup, dns, [name, ...rest])
}, lookup)
