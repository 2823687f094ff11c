import type { Buffer } from 'node:buffer'
import { createStatusList, packStatuses } from '@signet/protocol'
import type { Ports } from '../ports.ts'
import type { Seconds } from '../store/values.ts'
import { signerOf } from '../tokens/issue.ts'
import { STATUS_LIST_SIZE } from '../tokens/status-positions.ts'

/** A list as it was last signed, and when it was last compared with the store. */
interface Published {
  readonly jwt: string
  readonly statuses: Buffer
  readonly iat: Seconds
  /** Milliseconds since 1970. */
  readonly checkedAt: number
}

/** Milliseconds: however many ask for a list, the store is asked once in this time. */
const CHECKED_EVERY = 1_000
/** Whoever cannot reach us may believe a list for so many times its `ttl`, and no longer. */
const LIVES_TTLS = 12
const SHORTEST_LIFE: Seconds = 60

/** Answers the status list of a number as a signed JWT; undefined when there is none, or no more. */
export type StatusListOf = (list: number) => Promise<string | undefined>

/**
 * Publishes the status lists of a service. A list is signed again when something was revoked, and otherwise as often as
 * others fetch it; a revocation is in it a second later at most, whichever process on the store it came to.
 *
 * @see Token Status List §8
 */
export function publishStatusLists(ports: Ports): StatusListOf {
  const published = new Map<number, Published>()
  const underWay = new Map<number, Promise<string | undefined>>()

  const publish = async (list: number): Promise<string | undefined> => {
    const checkedAt = ports.clock.milliseconds()
    const revoked = await ports.store.statusLists.revoked(list)
    if (revoked === undefined) {
      published.delete(list)
      return undefined
    }
    const statuses = packStatuses(STATUS_LIST_SIZE, revoked)
    const last = published.get(list)
    const next =
      last !== undefined && isFresh(last, ports) && last.statuses.equals(statuses)
        ? { ...last, checkedAt }
        : { ...(await sign(list, statuses, ports)), checkedAt }
    published.set(list, next)
    return next.jwt
  }

  return (list) => {
    const last = published.get(list)
    const age = last === undefined ? Infinity : ports.clock.milliseconds() - last.checkedAt
    if (last !== undefined && age >= 0 && age < CHECKED_EVERY) return Promise.resolve(last.jwt)
    const asking = underWay.get(list) ?? publish(list).finally(() => void underWay.delete(list))
    underWay.set(list, asking)
    return asking
  }
}

function isFresh({ iat }: Published, { service, clock }: Ports): boolean {
  const age = clock.now() - iat
  return age >= 0 && age < service.statusList.ttl
}

async function sign(
  list: number,
  statuses: Buffer,
  ports: Ports,
): Promise<Omit<Published, 'checkedAt'>> {
  const { service, clock, deflate } = ports
  const { ttl } = service.statusList
  const iat = clock.now()
  const exp = iat + Math.max(ttl * LIVES_TTLS, SHORTEST_LIFE)
  const uri = `${service.endpoints.statusLists}/${list}`
  const content = { uri, statuses, iat, exp, ttl, deflate }
  const jwt = await createStatusList(content, signerOf(service.signingAlgorithms[0], ports))
  return { jwt, statuses, iat }
}
