import {
  decryptJwt,
  isEncryptedJwt,
  parameter,
  readRequestObject,
  refusal,
  Refused,
  requestParameters,
  Undecryptable,
  verifyRequestObject,
  type Form,
} from '@signet/protocol'
import { readParameters, type AuthorizationParameters } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import { keySaidToSign } from '../clients/wanted-key.ts'
import type { Ports } from '../ports.ts'
import type { Mark } from '../store/ephemeral.ts'

/** What a client asks for, wherever it said so. */
export interface AuthorizationRequest {
  readonly parameters: AuthorizationParameters
  /** How it was said. */
  readonly by: 'form' | 'signed' | 'signed and encrypted'
  /** Of the request object, if it has a `jti`; not yet marked as used: see `useOnce`. */
  readonly mark?: Mark | undefined
}

/**
 * The authorization request of an authenticated client: what its signed request object says, if it sent one, and then
 * nothing in the form counts (RFC 9101 §6.3); otherwise what the form says.
 *
 * @throws Refused `invalid_request_object`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9126.html#section-3 RFC 9126 §3}
 */
export function readAuthorizationRequest(
  form: Form,
  client: Client,
  ports: Ports,
): AuthorizationRequest | Promise<AuthorizationRequest> {
  const request = parameter(form, 'request')
  return request === undefined
    ? { parameters: readParameters(form), by: 'form' }
    : readSigned(request, client, ports)
}

async function readSigned(
  request: string,
  client: Client,
  ports: Ports,
): Promise<AuthorizationRequest> {
  const encrypted = isEncryptedJwt(request)
  const jwt = readRequestObject(encrypted ? await decrypted(request, client, ports) : request)
  const { service, clients, clock } = ports
  const { claims, mark } = verifyRequestObject(jwt, {
    issuer: service.issuer,
    clientId: client.id,
    now: clock.now(),
    registeredAlgorithm: client.requestObject.algorithm,
    keys: await clients.keys(client, keySaidToSign(jwt)),
  })
  const parameters = readParameters(requestParameters(claims))
  return { parameters, by: encrypted ? 'signed and encrypted' : 'signed', mark }
}

/** Why it failed only the operator learns: an attacker could tell from it what is inside. */
async function decrypted(
  request: string,
  { requestObject: { encryption } }: Client,
  { service, keys }: Ports,
): Promise<string> {
  const agreed =
    encryption === undefined
      ? { alg: service.requestObjectEncryption }
      : { alg: [encryption.alg], enc: [encryption.enc] }
  try {
    return await decryptJwt(request, keys.decryption, agreed)
  } catch (error) {
    if (!(error instanceof Undecryptable)) throw error
    throw new Refused(refusal('invalid_request_object', 'the request object cannot be decrypted'), {
      id: 'JAR-09',
      reason: 'request_object_undecryptable',
      expected:
        'a signed JWT, encrypted to a key of this server (use enc) as request_object_encryption_alg_values_supported says',
      received: error.reason,
      remedy: 'Encrypt to the current key of jwks_uri, or send the request object signed only.',
    })
  }
}
