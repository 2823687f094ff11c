import { StoreUnavailable } from '@signet/engine'
import {
  decodeJwt,
  parsePublicJwk,
  signJwt,
  verificationKeyOf,
  verifySignature,
  type ExternalSigningKey,
} from '@signet/protocol'

/** The keys of a service that sign elsewhere: for each algorithm the first one signs, the others are published only. */
export type ExternalSigners = () => Promise<readonly ExternalSigningKey[]>

/**
 * Keys as they may be published, each tried once: a signer that does not fit its public key would issue what nobody takes.
 * While one fails nothing can be concluded about a request, as when a store is away.
 *
 * @throws UnusableKey for what is no public key of the profile; Error for what does not sign as it says.
 */
export function triedSigners(signers: ExternalSigners): ExternalSigners {
  const tried = new WeakMap<ExternalSigningKey, ExternalSigningKey>()
  const attempt = async (key: ExternalSigningKey): Promise<ExternalSigningKey> => {
    const known = tried.get(key) ?? (await tryOut(key))
    tried.set(key, known)
    return known
  }
  return async () => Promise.all((await signers()).map(attempt))
}

async function tryOut(key: ExternalSigningKey): Promise<ExternalSigningKey> {
  const { kid, algorithm } = key
  const publicJwk = { ...parsePublicJwk(unnamed(key)), kid, use: 'sig', alg: algorithm } as const
  const own: ExternalSigningKey = {
    kid,
    algorithm,
    publicJwk,
    sign: (input) =>
      key.sign(input).catch((error: unknown) => {
        throw new StoreUnavailable(`what signs with key ${kid} does not answer`, error)
      }),
  }
  const jwt = decodeJwt(await signJwt({ typ: 'signet-trial' }, { kid }, own))
  if (verifySignature(jwt, verificationKeyOf(own))) return own
  throw new Error(`What signs with key ${kid} does not sign ${algorithm} with that key.`)
}

/** Without what names it. */
function unnamed({ publicJwk }: ExternalSigningKey): object {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = publicJwk
  return jwk
}
