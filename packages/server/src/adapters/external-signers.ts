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

/** By then a module that is well has answered long ago, and who waits has not yet gone. */
const PATIENCE_MILLISECONDS = 5_000

/**
 * Keys as they may be published, each tried once: a signer that does not fit its public key would issue what nobody takes.
 * While one fails, does not answer within five seconds or answers what its key does not verify, nothing can be concluded
 * about a request, as when a store is away; the next request asks it again.
 *
 * @throws UnusableKey for what is no public key of the profile; Error for what does not sign as it says; StoreUnavailable
 *   when there is no answer.
 */
export function triedSigners(signers: ExternalSigners): ExternalSigners {
  const tried = new WeakMap<ExternalSigningKey, ExternalSigningKey>()
  const attempt = async (key: ExternalSigningKey): Promise<ExternalSigningKey> => {
    const known = tried.get(key) ?? (await tryOut(key))
    tried.set(key, known)
    return known
  }
  return async () => Promise.all((await inTime('what knows the keys', signers)).map(attempt))
}

async function tryOut(key: ExternalSigningKey): Promise<ExternalSigningKey> {
  const { kid, algorithm } = key
  const publicJwk = { ...parsePublicJwk(unnamed(key)), kid, use: 'sig', alg: algorithm } as const
  const name = `what signs with key ${kid}`
  const asked: ExternalSigningKey = {
    kid,
    algorithm,
    publicJwk,
    sign: (input) => inTime(name, () => key.sign(input)),
  }
  const jwt = decodeJwt(await signJwt({ typ: 'signet-trial' }, { kid }, asked))
  const verifies = verifierOf(asked)
  if (!verifySignature(jwt, verificationKeyOf(asked)))
    throw new Error(`What signs with key ${kid} does not sign ${algorithm} with that key.`)
  return {
    ...asked,
    sign: async (input) => {
      const signature = await asked.sign(input)
      if (verifies(input, signature)) return signature
      throw new StoreUnavailable(`${name} answers what that key does not verify`)
    },
  }
}

/** Waits no longer than it may take. What is answered later, or fails later, is nobody's any more. */
function inTime<Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const fail = (cause: unknown): void =>
    reject(new StoreUnavailable(`${name} does not answer`, cause))
  const timer = setTimeout(fail, PATIENCE_MILLISECONDS, 'it took too long')
  Promise.resolve().then(ask).then(resolve, fail).finally(() => clearTimeout(timer))
  return promise
}

/** Without what names it. */
function unnamed({ publicJwk }: ExternalSigningKey): object {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = publicJwk
  return jwk
}
