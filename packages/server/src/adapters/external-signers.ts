import { StoreUnavailable } from '@signet/engine'
import {
  parsePublicJwk,
  signJwt,
  verificationKeyOf,
  verifySignature,
  type ExternalSigningKey,
} from '@signet/protocol'

/** The keys of a service that sign elsewhere: for each algorithm the first one signs, the others are published only. */
export type ExternalSigners = () => Promise<readonly ExternalSigningKey[]>

/** By then a module that is well has answered long ago, and who waits is still there. */
const PATIENCE_MILLISECONDS = 5_000

/**
 * Keys as they may be published, each tried once, and every signature looked at: a signer that does not fit its public key
 * would issue what nobody takes. While one fails, answers something else or does not answer within five seconds, nothing
 * can be concluded about a request, as when a store is away. The next request asks it again.
 *
 * @throws UnusableKey for what is no public key of the profile, or not for its algorithm; StoreUnavailable for what does not
 *   sign as it says, or does not answer.
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
  const own: ExternalSigningKey = { kid, algorithm, publicJwk, sign: (input) => sign(input) }
  const verification = verificationKeyOf(own)
  const sign = async (input: Uint8Array): Promise<Uint8Array> => {
    const answered = async (): Promise<Buffer> => Buffer.from(await key.sign(input))
    const signature = await inTime(`what signs with key ${kid}`, answered)
    const signed = {
      header: { alg: algorithm },
      claims: {},
      signingInput: Buffer.from(input).toString('latin1'),
      signature,
    }
    if (verifySignature(signed, verification)) return signature
    throw new StoreUnavailable(
      `what signs with key ${kid} does not sign ${algorithm} with that key`,
    )
  }
  await signJwt({ typ: 'signet-trial' }, { kid }, own)
  return own
}

/** Waits no longer than it may take. What is answered later, or fails later, is nobody's any more. */
function inTime<Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const fail = (cause: unknown): void =>
    reject(new StoreUnavailable(`${name} does not answer`, cause))
  const timer = setTimeout(fail, PATIENCE_MILLISECONDS, 'it took too long')
  Promise.resolve()
    .then(ask)
    .then(resolve, fail)
    .finally(() => clearTimeout(timer))
  return promise
}

/** Without what names it. */
function unnamed({ publicJwk }: ExternalSigningKey): object {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = publicJwk
  return jwk
}
