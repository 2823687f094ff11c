import { importJwks, type Seconds, type VerificationKey } from '@signet/protocol'
import type { Clock } from '../config/options.ts'
import type { Authority } from './authority.ts'
import { AuthorityFailure, failureOf } from './failure.ts'
import type { Outgoing } from './outgoing.ts'

/** The keys the authorization server signs with. */
export interface IssuerKeys {
  /** @param kid of a token: if no key has it, the keys are asked for again, now and then @throws AuthorityFailure */
  find(kid: string | undefined): Promise<readonly VerificationKey[]>
}

export interface IssuerKeysOptions {
  readonly authority: Authority
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly timeout: Seconds
}

/** Strangers choose the `kid`: they must not choose how often we ask. */
const PAUSE: Seconds = 10
const FRESH: Seconds = 600

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { clock } = options
  let keys: readonly VerificationKey[] | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined

  const ask = async (): Promise<void> => {
    try {
      keys = await fetchKeys(options)
    } catch (error) {
      // What was good stays good while the server is down.
      if (keys === undefined) throw failureOf(error, 'keys')
    } finally {
      askedAt = clock.now()
      underWay = undefined
    }
  }
  return {
    async find(kid) {
      const age = clock.now() - askedAt
      const unknown = kid !== undefined && keys?.some((key) => key.kid === kid) !== true
      if (age >= FRESH || (age >= PAUSE && (unknown || keys === undefined))) {
        await (underWay ??= ask())
      }
      if (keys === undefined) throw new AuthorityFailure('unavailable', 'keys: not known yet')
      return keys
    },
  }
}

async function fetchKeys({
  authority,
  outgoing,
  timeout,
}: IssuerKeysOptions): Promise<readonly VerificationKey[]> {
  const { metadata } = await authority.known()
  const response = await outgoing.fetch(metadata.jwks_uri ?? '', {
    method: 'GET',
    headers: { accept: 'application/json' },
    body: undefined,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout * 1_000),
  })
  if (response.status !== 200) {
    throw new AuthorityFailure('unavailable', `keys: the server answers ${response.status}`)
  }
  return importJwks(await response.json()).keys
}
