import { StoreUnavailable } from '@signet/engine'
import { RedisRefused } from './address.ts'

/** What a server says of itself, as far as it matters. */
export interface Standing {
  readonly isCluster: boolean
  /**
   * Changes whenever the server starts, and whenever another one takes its place: between two commands of the same life
   * nothing was forgotten.
   */
  readonly life: string
}

type Fields = ReadonlyMap<string, string>

interface Requirement {
  readonly holds: (fields: Fields) => boolean
  readonly otherwise: (fields: Fields) => Error
}

/** Before it, scripts were copied to replicas, and a replica that takes over would seem to be the server it replaces. */
const OLDEST = 7

/** In the order in which a server that starts can tell. */
const REQUIREMENTS: readonly Requirement[] = [
  {
    holds: (fields) => Number.parseInt(fields.get('redis_version') ?? '', 10) >= OLDEST,
    otherwise: (fields) =>
      new RedisRefused(
        `Redis is of version ${fields.get('redis_version') ?? 'unknown'}; Signet needs ${OLDEST} or newer`,
      ),
  },
  {
    holds: (fields) => fields.get('loading') === '0',
    otherwise: () => new StoreUnavailable('Redis is loading its data'),
  },
  {
    holds: (fields) => fields.get('role') === 'master',
    otherwise: () =>
      new StoreUnavailable('Redis is a replica: it can neither write nor know the latest'),
  },
  {
    holds: (fields) => fields.get('maxmemory_policy') === 'noeviction',
    otherwise: (fields) =>
      new RedisRefused(
        `Redis may evict codes and marks of used proofs: maxmemory-policy is ${fields.get('maxmemory_policy') ?? 'unknown'}; set it to noeviction`,
      ),
  },
  {
    holds: (fields) => fields.get('aof_enabled') === '1',
    otherwise: () =>
      new RedisRefused(
        'Redis would forget everything when it restarts: set appendonly to yes (and appendfsync to always, so that not even the last second is lost)',
      ),
  },
  {
    holds: (fields) => fields.get('aof_last_write_status') === 'ok',
    otherwise: () => new StoreUnavailable('Redis cannot write to its disk'),
  },
  {
    holds: (fields) => /^[0-9a-f]{40}$/.test(fields.get('master_replid') ?? ''),
    otherwise: () => new RedisRefused('Redis does not tell its master_replid'),
  },
]

/**
 * Reads the answer to `INFO`.
 *
 * @throws RedisRefused when the server is set up so that it forgets what must not be forgotten; StoreUnavailable when it
 *   cannot be used for the moment.
 */
export function standingOf(info: string): Standing {
  const fields = fieldsOf(info)
  const breach = REQUIREMENTS.find(({ holds }) => !holds(fields))
  if (breach !== undefined) throw breach.otherwise(fields)
  return {
    isCluster: fields.get('redis_mode') === 'cluster',
    life: fields.get('master_replid') ?? '',
  }
}

function fieldsOf(info: string): Fields {
  return new Map(
    info.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : []
    }),
  )
}
