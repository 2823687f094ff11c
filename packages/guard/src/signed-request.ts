import {
  readRequestSignature,
  verifyRequestContent,
  verifyRequestSignature,
  type Seconds,
} from '@signet/protocol'
import type { ClientKeys } from './options.ts'
import { pathAndQueryOf, type GuardRequest } from './request.ts'
import { textClaim, type TokenClaims } from './token-claims.ts'

/** What the signature of a request is judged with. */
export interface SignaturePorts {
  readonly now: () => Seconds
  readonly baseUrls: readonly [string, ...string[]]
  readonly clientKeys: ClientKeys
}

/**
 * Proves that the client the token was issued to signed this request, and its body. The body is read last, when everything
 * else holds.
 *
 * @throws Refused with `invalid_signature`, or with `temporarily_unavailable` when the keys cannot be had.
 * @throws TypeError if whoever asks gives no body.
 * @see FAPI 2.0 HTTP Signatures §5.3.1.2
 */
export async function proveSignature(
  request: GuardRequest,
  claims: TokenClaims,
  { now, baseUrls, clientKeys }: SignaturePorts,
): Promise<void> {
  const { method, target, headers, readBody } = request
  if (readBody === undefined) throw new TypeError('a request without readBody is not a signed one')
  const signature = readRequestSignature(request, now())
  const clientId = textClaim(claims, 'client_id')
  const keys = clientId === undefined ? [] : await clientKeys(clientId, signature.keyid)
  const path = pathAndQueryOf(target)
  const [targetUri, ...alternativeTargets] = baseUrls.map((base) => base + path)
  verifyRequestSignature(signature, {
    request: { method, targetUri: targetUri ?? '', headers },
    alternativeTargets,
    keys,
  })
  verifyRequestContent(signature, request, await readBody())
}
