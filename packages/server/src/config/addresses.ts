const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])
const POSTGRES = 'postgres://user@host:5432/database?sslmode=verify-full'
const REDIS = 'rediss://user@host:6379'

/**
 * What keeps the address of a PostgreSQL from being used. Whether the way there is protected must not be left to a default:
 * everything goes over it, and the store is not asked about the profile.
 */
export function postgresProblem(address: string): string | undefined {
  const url = postgresUrl(address)
  if (url === undefined) return `must be an address like ${POSTGRES}`
  const [mode, ...others] = url.searchParams.getAll('sslmode')
  if (others.length > 0) return 'sslmode must stand there once'
  if (mode !== undefined) {
    const isKnown = mode === 'verify-full' || mode === 'disable'
    return isKnown ? undefined : 'sslmode must be verify-full, or disable'
  }
  const host = hostOf(url)
  if (isOfThisMachine(host)) return undefined
  return `does not say how to get to ${host}: add ?sslmode=verify-full, or sslmode=disable where nobody else is on the way`
}

/** Nothing but the scheme decides about TLS to a Redis. */
export function redisProblem(address: string): string | undefined {
  if (/^rediss?[-+]sentinel:/i.test(address)) {
    return `cannot be that of sentinels, which Signet does not ask: it must be an address that follows the primary, or one of a cluster, like ${REDIS}`
  }
  const url = URL.parse(address)
  const isRedis =
    url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && url.hash === ''
  return isRedis ? undefined : `must be an address like ${REDIS}`
}

/** An address as it may be printed and logged. */
export function withoutPassword(address: string): string {
  const url = postgresUrl(address) ?? URL.parse(address)
  if (url === null) return '[not an address]'
  url.password = ''
  url.searchParams.delete('password')
  return url.href.replace(`@${NO_HOST}/`, '@/')
}

/** The address with TLS left to be decided elsewhere: what it says wins over everything, with `pg`. */
export function withoutTlsMode(address: string): string {
  return address.replace(/([?&])sslmode=[^&]*&?/, '$1').replace(/[?&]$/, '')
}

export function asksForTls(address: string): boolean {
  return postgresUrl(address)?.searchParams.get('sslmode') === 'verify-full'
}

const NO_HOST = 'no-host'

/** Of a socket in a directory, `postgres://user@/database?host=/run/postgresql`, which is no URL to others. */
function postgresUrl(address: string): URL | undefined {
  const url = URL.parse(address.replace('@/', `@${NO_HOST}/`))
  return url !== null && /^postgres(?:ql)?:$/.test(url.protocol) ? url : undefined
}

function hostOf({ hostname, searchParams }: URL): string {
  return searchParams.getAll('host').at(-1) ?? hostname
}

function isOfThisMachine(host: string): boolean {
  return host === '' || host === NO_HOST || /^(?:\/|%2f)/i.test(host) || LOOPBACK.has(host)
}
