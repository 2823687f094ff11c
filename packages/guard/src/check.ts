import {
  certificateThumbprint,
  enforce,
  fieldsOf,
  presentationRules,
  readCertificateHeader,
  readCredentials,
  Refused,
  refusal,
  verifyProof,
  type CertificateHeaderFormat,
  type NoncePolicy,
  type Seconds,
  type TokenScheme,
} from '@signet/protocol'
import type { ChallengePolicy } from './challenge.ts'
import { bindingRules, certificateRules } from './check.rules.ts'
import type { ClientKeys } from './options.ts'
import { digestOf } from './recent.ts'
import type { Mark, Replay } from './replay.ts'
import { pathOf, presentationOf, type GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { detailRules, requirementRules } from './requirements.rules.ts'
import { proveSignature } from './signed-request.ts'
import type { StatusLists } from './status-lists.ts'
import { keysOf, type TokenClaims } from './token-claims.ts'
import type { TokenSource } from './token-source.ts'

/** Everything a check is made with. */
export interface CheckPorts {
  readonly now: () => Seconds
  readonly policy: ChallengePolicy
  /** What a path is appended to; the first is the one that is told. */
  readonly baseUrls: readonly [string, ...string[]]
  readonly tokens: TokenSource
  readonly statusLists: StatusLists | undefined
  readonly replay: Replay
  readonly nonces: NoncePolicy
  /** Undefined where certificates come from the TLS connection itself. */
  readonly certificateHeader: CertificateSource | undefined
  /** Undefined where no client signs its requests. */
  readonly clientKeys: ClientKeys | undefined
}

export interface CertificateSource {
  readonly format: CertificateHeaderFormat
  readonly isProxy: (address: string) => boolean
}

/** What is known of a request, however far it came. */
export interface Seen {
  scheme: TokenScheme | undefined
  token: TokenClaims | undefined
}

/**
 * Proves that who sends a request holds a good token and the key it is bound to, and that both reach far enough. Cheap
 * checks come first, and a proof is marked as used as soon as everything about it holds.
 *
 * @param seen is filled as far as the check comes.
 * @throws Refused with the first broken rule.
 * @see FAPI 2.0 Security Profile §5.3.4, RFC 9449 §7.1
 */
export async function prove(
  request: GuardRequest,
  { requirements, seen }: { readonly requirements: Requirements; readonly seen: Seen },
  ports: CheckPorts,
): Promise<TokenClaims> {
  const { scheme, token } = readCredentials(enforce(presentationRules, presentationOf(request)))
  seen.scheme = scheme
  const digest = digestOf(token)
  const read = ports.tokens.read(token, digest)
  const claims = read instanceof Promise ? await read : read
  seen.token = claims

  const proof = provePossession(request, { scheme, token, digest, claims }, ports)
  // At once: whatever is waited for after this may take longer than the proof would be believed.
  if (proof !== undefined) await useOnce(proof, ports)
  const pending = ports.statusLists?.check(claims)
  if (pending !== undefined) await pending
  if (requirements.signedRequest) await proveSigned(request, claims, ports)

  const access = { claims, requirements, request, now: ports.now() }
  enforce(requirementRules, access)
  enforce(detailRules, access)
  return claims
}

async function proveSigned(
  request: GuardRequest,
  claims: TokenClaims,
  { clientKeys, ...ports }: CheckPorts,
): Promise<void> {
  if (clientKeys === undefined) throw new TypeError('signedRequest needs clientKeys')
  await proveSignature(request, claims, { ...ports, clientKeys })
}

interface Presented {
  readonly scheme: TokenScheme
  readonly token: string
  readonly digest: string
  readonly claims: TokenClaims
}

function provePossession(
  request: GuardRequest,
  { scheme, token, digest, claims }: Presented,
  ports: CheckPorts,
): Mark | undefined {
  const keys = keysOf(claims)
  const { senderConstraint } = ports.policy
  const dpop = fieldsOf(request.headers, 'dpop')
  enforce(bindingRules, { scheme, keys, senderConstraint, proofs: dpop.length })
  if (keys.certificate !== undefined) proveCertificate(request, keys.certificate, ports)
  if (keys.jkt === undefined) return undefined
  const path = pathOf(request.target)
  const [baseUrl, ...others] = ports.baseUrls
  return verifyProof(dpop, {
    method: request.method,
    url: baseUrl + path,
    alternativeUrls: others.length === 0 ? undefined : others.map((base) => base + path),
    now: ports.now(),
    nonce: ports.nonces,
    accessToken: token,
    accessTokenDigest: digest,
    boundTo: keys.jkt,
    algorithms: ports.policy.algorithms,
    // The path comes from the request, in whatever spelling.
    replayScope: '',
  })
}

function proveCertificate(request: GuardRequest, wanted: string, ports: CheckPorts): void {
  const { certificateHeader: told } = ports
  const certificate =
    told === undefined ? request.peerCertificate?.() : forwardedCertificate(request, told)
  enforce(certificateRules, {
    wanted,
    shown: certificate && certificateThumbprint(certificate),
    source:
      told === undefined ? 'the TLS connection' : `a header of a listed proxy, as ${told.format}`,
  })
}

/** The certificate a proxy tells. What a stranger writes into such headers is not looked at. */
function forwardedCertificate(
  { headers, peerAddress }: GuardRequest,
  { format, isProxy }: CertificateSource,
): Uint8Array | undefined {
  if (peerAddress === undefined || !isProxy(peerAddress)) return undefined
  return readCertificateHeader(headers, format)[0]
}

/** @throws Refused when the proof was used before, or nobody can tell. */
async function useOnce(proof: Mark, { replay }: CheckPorts): Promise<void> {
  let seen: unknown
  try {
    seen = await replay.first([proof])
  } catch (error) {
    throw replayUnknown(error)
  }
  if (seen !== undefined) throw replayed()
}

function replayed(): Refused {
  return new Refused(refusal('invalid_dpop_proof', 'the DPoP proof was used before'), {
    id: 'DPOP-PRF-15',
    reason: 'dpop_proof_replayed',
    expected: 'a jti this key has not used before',
    received: 'a jti that was used already',
    remedy: 'Make a fresh proof, with a random jti, for every request and every retry.',
  })
}

function replayUnknown(cause: unknown): Refused {
  return new Refused(
    refusal('temporarily_unavailable', 'DPoP proofs cannot be verified now'),
    {
      id: 'DPOP-PRF-15',
      reason: 'replay_store_unavailable',
      expected: 'a replay store that can tell whether a proof was used before',
      received: cause instanceof Error ? cause.name : 'no answer',
      remedy: 'See that the replay store of this API is up.',
    },
    cause,
  )
}
