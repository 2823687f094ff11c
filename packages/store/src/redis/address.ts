import type { Seconds } from '@signet/engine'

export interface RedisTls {
  /** The authorities to believe, PEM, instead of those of the system. */
  readonly ca?: string | undefined
  /** What this client shows of itself, if the server asks for it: PEM. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name the certificate of the server must have, if not that in the address. */
  readonly servername?: string | undefined
}

export interface RedisAddress {
  /**
   * `redis://`, or over TLS `rediss://`, with user and password (percent-encoded) where the server asks for them. For a
   * cluster, the address of any node of it: that it is one is noticed. Never logged, never part of an error.
   */
  readonly url: string
  readonly tls?: RedisTls | undefined
  /** How long one command may take before the connection is given up and made anew; 1 s by default. */
  readonly timeout?: Seconds | undefined
}

/** This Redis can be reached, but must not be used as it is set up. The message says what to change. */
export class RedisRefused extends Error {
  override readonly name = 'RedisRefused'
}

/** An address taken apart. */
export interface Target {
  readonly socket: { readonly host: string; readonly port: number } & Transport
  readonly username?: string
  readonly password?: string
  readonly database: number
}

type Transport =
  { readonly tls: false } | ({ readonly tls: true; readonly minVersion: 'TLSv1.2' } & RedisTls)

const DEFAULT_PORT = 6379

const NO_SENTINEL =
  'Signet does not ask sentinels which Redis is the primary: give it a redis:// address that follows the primary (a proxy or a DNS name), or use a cluster'

/**
 * Takes an address apart here and not in the client, whose errors repeat it with its password.
 *
 * @throws RedisRefused when it is none.
 */
export function targetOf({ url, tls }: Pick<RedisAddress, 'url' | 'tls'>): Target {
  const { protocol, hostname, port, username, password, pathname } = parsed(url)
  const database = Number(pathname.slice(1))
  if (!Number.isSafeInteger(database) || database < 0) throw malformed()
  return {
    socket: {
      host: hostname.replace(/^\[(.+)\]$/, '$1'),
      port: port === '' ? DEFAULT_PORT : Number(port),
      ...transportOf(protocol, tls),
    },
    ...(username !== '' && { username: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
    database,
  }
}

function transportOf(protocol: string, tls: RedisTls | undefined): Transport {
  if (protocol === 'rediss:') return { tls: true, minVersion: 'TLSv1.2', ...tls }
  if (protocol !== 'redis:') throw malformed()
  if (tls === undefined) return { tls: false }
  throw new RedisRefused('the address of Redis begins with redis://, which is without TLS')
}

function parsed(url: string): URL {
  if (/^rediss?[-+]sentinel:/i.test(url)) throw new RedisRefused(NO_SENTINEL)
  try {
    return new URL(url)
  } catch {
    throw malformed()
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw malformed()
  }
}

function malformed(): RedisRefused {
  return new RedisRefused(
    'the address of Redis must be redis[s]://[user:password@]host[:port][/database], with user and password percent-encoded',
  )
}
