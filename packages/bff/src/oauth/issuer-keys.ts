import {
  importEncryptionKeys,
  importJwks,
  type EncryptionKey,
  type KeyManagement,
  type Seconds,
  type VerificationKey,
} from '@signet/protocol'
import type { Clock } from '../config/options.ts'
import type { Authority } from './authority.ts'
import { AuthorityFailure, failureOf } from './failure.ts'
import type { Outgoing } from './outgoing.ts'

/** The public keys of the authorization server. If none fits, they are asked for again, now and then. */
export interface IssuerKeys {
  /** Those it signs with. @param kid of a token @throws AuthorityFailure */
  find(kid: string | undefined): Promise<readonly VerificationKey[]>
  /** Those that others encrypt to. @throws AuthorityFailure */
  toEncrypt(alg: KeyManagement): Promise<readonly EncryptionKey[]>
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
  let keys: PublishedKeys | undefined
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
  const current = async (fits: (known: PublishedKeys) => boolean): Promise<PublishedKeys> => {
    const age = clock.now() - askedAt
    const isWanting = keys === undefined || !fits(keys)
    if (age >= FRESH || (age >= PAUSE && isWanting)) await (underWay ??= ask())
    if (keys === undefined) throw new AuthorityFailure('unavailable', 'keys: not known yet')
    return keys
  }
  return {
    find: async (kid) => {
      const hasKey = ({ signing }: PublishedKeys): boolean =>
        kid === undefined || signing.some((key) => key.kid === kid)
      return (await current(hasKey)).signing
    },
    toEncrypt: async (alg) => {
      const hasKey = ({ encryption }: PublishedKeys): boolean =>
        encryption.some(({ algorithms }) => algorithms.includes(alg))
      return (await current(hasKey)).encryption
    },
  }
}

interface PublishedKeys {
  readonly signing: readonly VerificationKey[]
  readonly encryption: readonly EncryptionKey[]
}

async function fetchKeys({
  authority,
  outgoing,
  timeout,
}: IssuerKeysOptions): Promise<PublishedKeys> {
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
  const jwks: unknown = await response.json()
  return { signing: importJwks(jwks).keys, encryption: importEncryptionKeys(jwks).keys }
}
