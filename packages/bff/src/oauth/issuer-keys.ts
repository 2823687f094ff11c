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
import { failureOf } from './failure.ts'
import { fetchJwks, keepKeys, type JwksSource } from './kept-keys.ts'

/** The public keys of the authorization server. If none fits, they are asked for again, now and then. */
export interface IssuerKeys {
  /**
   * Those it signs with.
   *
   * @param kid of a token
   * @param pause between two questions for a key that is not there; less only for what the server itself has just sent
   * @throws AuthorityFailure
   */
  find(kid: string | undefined, pause?: Seconds): Promise<readonly VerificationKey[]>
  /** Those that others encrypt to. @throws AuthorityFailure */
  toEncrypt(alg: KeyManagement): Promise<readonly EncryptionKey[]>
}

export interface IssuerKeysOptions extends JwksSource {
  readonly authority: Authority
  readonly clock: Clock
}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const current = keepKeys(() => fetchKeys(options), options.clock)
  return {
    find: async (kid, pause) => {
      const hasKey = ({ signing }: PublishedKeys): boolean =>
        kid === undefined || signing.some((key) => key.kid === kid)
      return (await current(hasKey, pause)).signing
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

async function fetchKeys({ authority, ...source }: IssuerKeysOptions): Promise<PublishedKeys> {
  try {
    const { metadata } = await authority.known()
    const jwks = await fetchJwks(metadata.jwks_uri ?? '', source)
    return { signing: importJwks(jwks).keys, encryption: importEncryptionKeys(jwks).keys }
  } catch (error) {
    throw failureOf(error, 'keys')
  }
}
