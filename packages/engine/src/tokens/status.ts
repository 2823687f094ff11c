import type { StatusClaim } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import type { Ports } from '../ports.ts'
import type { StatusPosition } from '../store/status-lists.ts'
import type { Seconds } from '../store/values.ts'
import { STATUS_LIST_SIZE, takePosition } from './status-positions.ts'

/** The longest an access token may live (SP-SEC-01), and a minute for one that is being issued right now. */
const LONGEST_TOKEN: Seconds = 3_600 + 60

/** Whether the access tokens of a client tell where their status is: opaque ones are asked about anyway. */
export function tellsStatus({ accessTokenFormat }: Client, { statusList }: Service): boolean {
  return statusList.enabled && accessTokenFormat === 'jwt'
}

/** The claim of a token at a position. @see Token Status List §6.1 */
export function statusClaim(position: StatusPosition, { endpoints }: Service): StatusClaim {
  const list = Math.floor(position / STATUS_LIST_SIZE)
  return {
    status_list: { idx: position % STATUS_LIST_SIZE, uri: `${endpoints.statusLists}/${list}` },
  }
}

/** The position in a claim of our own making; undefined when it has none. */
export function positionIn(
  status: StatusClaim | undefined,
  { endpoints }: Service,
): StatusPosition | undefined {
  if (status === undefined) return undefined
  const { idx, uri } = status.status_list
  const list = Number(uri.slice(endpoints.statusLists.length + 1))
  const position = list * STATUS_LIST_SIZE + idx
  return Number.isSafeInteger(position) ? position : undefined
}

/** Publishes that nothing at a position is valid any more. */
export async function revokePosition(
  position: StatusPosition,
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
): Promise<void> {
  const list = Math.floor(position / STATUS_LIST_SIZE)
  const until = clock.now() + LONGEST_TOKEN
  await store.statusLists.revoke(list, position % STATUS_LIST_SIZE, until)
}

/** A grant, and where its tokens say they stand. */
export interface GrantAt {
  readonly id: string
  readonly status: StatusPosition | undefined
}

/**
 * Gives a grant another position for its tokens to come, unless somebody else did so before.
 *
 * @returns the one it has then.
 */
export async function moveGrant({ id, status }: GrantAt, ports: Ports): Promise<StatusPosition> {
  const { grants, revocations } = ports.store
  const fresh = await takePosition(ports)
  const position = (await grants.replaceStatus(id, { from: status, to: fresh })) ?? fresh
  // Whoever revoked the grant in the meantime may have seen the former position.
  if (await revocations.anyOf([id])) await revokePosition(position, ports)
  return position
}

/**
 * Ends a grant and every token of it. What is known of its position counts also before the grant is there. A grant that was
 * made when lifetimes were longer stays ended as long as it would have lived.
 */
export async function revokeGrant(
  { id, status }: GrantAt,
  ports: Pick<Ports, 'store' | 'clock' | 'service'>,
): Promise<void> {
  const { grants, revocations } = ports.store
  const until = ports.clock.now() + ports.service.lifetimes.refreshToken + LONGEST_TOKEN
  await revocations.add(id, until)
  // Asked after the revocation is there: see moveGrant.
  const grant = await grants.get(id)
  const lastUse = (grant?.expiresAt ?? 0) + LONGEST_TOKEN
  if (lastUse > until) await revocations.add(id, lastUse)
  const now = grant?.status
  if (status !== undefined) await revokePosition(status, ports)
  if (now !== undefined && now !== status) await revokePosition(now, ports)
}
