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

/** Functions without which scripts are copied to replicas, and with them believed to be known there. */
const OLDEST = 7

/**
 * Reads the answer to `INFO`.
 *
 * @throws RedisRefused when the server is set up so that it forgets what must not be forgotten; StoreUnavailable when it
 *   cannot be used for the moment.
 */
export function standingOf(info: string): Standing {
  const fields = fieldsOf(info)
  refuseUnfit(fields)
  refuseUnable(fields)
  return {
    isCluster: fields.get('redis_mode') === 'cluster',
    life: fields.get('master_replid') ?? '',
  }
}

function refuseUnfit(fields: ReadonlyMap<string, string>): void {
  const version = fields.get('redis_version') ?? 'of an unknown version'
  if (!(Number.parseInt(version, 10) >= OLDEST)) {
    throw new RedisRefused(`Redis is ${version}; Signet needs version ${OLDEST} or newer`)
  }
  const policy = fields.get('maxmemory_policy')
  if (policy !== 'noeviction') {
    throw new RedisRefused(
      `Redis may evict codes and marks of used proofs: maxmemory-policy is ${policy ?? 'unknown'}; set it to noeviction`,
    )
  }
  if (fields.get('aof_enabled') !== '1') {
    throw new RedisRefused(
      'Redis would forget everything when it restarts: set appendonly to yes (and appendfsync to always, so that not even the last second is lost)',
    )
  }
  if (!/^[0-9a-f]{40}$/.test(fields.get('master_replid') ?? '')) {
    throw new RedisRefused('Redis does not tell its master_replid: INFO must be allowed')
  }
}

function refuseUnable(fields: ReadonlyMap<string, string>): void {
  if (fields.get('role') !== 'master') {
    throw new StoreUnavailable('Redis is a replica: it can neither write nor know the latest')
  }
  if (fields.get('loading') !== '0') throw new StoreUnavailable('Redis is loading its data')
  if (fields.get('aof_last_write_status') !== 'ok') {
    throw new StoreUnavailable('Redis cannot write to its disk')
  }
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : []
    }),
  )
}
