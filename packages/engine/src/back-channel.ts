import {
  certificateThumbprint,
  enforce,
  hasStrongKey,
  parseForm,
  Refused,
  refusal,
  verifyProof,
  type Form,
  type VerifiedProof,
} from '@signet/protocol'
import { formRules } from './back-channel.rules.ts'
import type { MutualTlsEndpoints } from './config.ts'
import type { BackChannelRequest, MutualTls } from './outcomes.ts'
import type { Ports } from './ports.ts'
import type { Mark } from './store/ephemeral.ts'

/**
 * The body of a request as a form, in the order of the wire.
 *
 * @throws Refused `invalid_request` when it is none, or repeats a parameter.
 */
export function readForm({ contentType, body }: BackChannelRequest): Form {
  return enforce(formRules, { contentType, form: wellFormed(body) }).form
}

function wellFormed(body: string): Form | undefined {
  try {
    return parseForm(body)
  } catch {
    return undefined
  }
}

/** The endpoints a request came to: the plain ones, or their aliases that ask for a certificate. */
export function reachedEndpoints(
  { mutualTls }: { readonly mutualTls?: MutualTls },
  { service }: Pick<Ports, 'service'>,
): MutualTlsEndpoints {
  if (mutualTls === undefined) return service.endpoints
  if (service.mtls === undefined) throw new Error('The service has no endpoints for certificates.')
  return service.mtls.endpoints
}

/** The thumbprint of the certificate of a request; its key the other end has proved to hold. */
export function certificateOf({
  mutualTls,
}: {
  readonly mutualTls?: MutualTls
}): string | undefined {
  const [own] = mutualTls?.chain ?? []
  return own === undefined ? undefined : certificateThumbprint(own)
}

/** Whether that key is too weak to tell its holder from others, or of a kind nobody knows. */
export function isWeaklyCertified({ mutualTls }: { readonly mutualTls?: MutualTls }): boolean {
  const [own] = mutualTls?.chain ?? []
  return own !== undefined && !hasStrongKey(own)
}

/** What a proof has to be for: the request's own method and public URL, and what it accompanies. */
export interface ProofTarget {
  readonly method: string
  readonly url: string
  readonly accessToken?: string
  readonly boundTo?: string
}

/**
 * The DPoP proof of a request; undefined when it came without a `DPoP` header. Not yet marked as used: see `useOnce`.
 *
 * @throws Refused `invalid_dpop_proof`, or `use_dpop_nonce` where the service asks for nonces.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3 RFC 9449 §4.3}
 */
export function verifyRequestProof(
  { dpop }: { readonly dpop: readonly string[] },
  target: ProofTarget,
  { service, clock, keys }: Ports,
): VerifiedProof | undefined {
  if (dpop.length === 0) return undefined
  const nonce = service.dpop.nonce === 'required' ? keys.nonces.policy : undefined
  return verifyProof(dpop, { ...target, now: clock.now(), nonce })
}

/** What of a request may be used once. */
interface UsedOnce {
  readonly assertion?: Mark | undefined
  readonly proof?: Mark | undefined
  readonly requestObject?: Mark | undefined
}

/**
 * Marks the assertion, the proof and the request object of a request as used, all or none.
 *
 * A request that was refused for its nonce never comes here, so its assertion is not spent and may be sent again.
 *
 * @throws Refused when one of them was seen before; fails closed when the store cannot tell.
 */
export async function useOnce(
  { assertion, proof, requestObject }: UsedOnce,
  { store }: Ports,
): Promise<void> {
  const marks: Mark[] = []
  if (assertion !== undefined) marks.push(assertion)
  if (proof !== undefined) marks.push(proof)
  if (requestObject !== undefined) marks.push(requestObject)
  if (marks.length === 0) return
  const seen = await store.replay.first(marks)
  if (seen === undefined) return
  if (seen === assertion) throw ASSERTION_REPLAYED()
  throw seen === proof ? PROOF_REPLAYED() : REQUEST_OBJECT_REPLAYED()
}

const REQUEST_OBJECT_REPLAYED = (): Refused =>
  new Refused(refusal('invalid_request_object', 'the request object was used before'), {
    id: 'JWT-09',
    reason: 'request_object_replayed',
    expected: 'a jti this client has not used before in a request object',
    received: 'a jti that was used already',
    remedy: 'Sign a fresh request object for every request and every retry, or leave jti out.',
  })

const ASSERTION_REPLAYED = (): Refused =>
  new Refused(refusal('invalid_client', 'the client assertion was used before'), {
    id: 'PKJ-06',
    reason: 'assertion_replayed',
    expected: 'a jti this client has not used before',
    received: 'a jti that was used already',
    remedy: 'Make a fresh assertion, with a random jti, for every request and every retry.',
  })

const PROOF_REPLAYED = (): Refused =>
  new Refused(refusal('invalid_dpop_proof', 'the DPoP proof was used before'), {
    id: 'DPOP-PRF-15',
    reason: 'dpop_proof_replayed',
    expected: 'a jti this key has not used before at this URL',
    received: 'a jti that was used already',
    remedy: 'Make a fresh proof, with a random jti, for every request and every retry.',
  })
