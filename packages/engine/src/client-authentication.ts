import {
  decodeJwt,
  enforce,
  MalformedJwt,
  parameter,
  verifyClientAssertion,
  type DecodedJwt,
  type Form,
} from '@signet/protocol'
import { readForm } from './back-channel.ts'
import { credentialRules } from './client-authentication.rules.ts'
import type { Client } from './clients/client.ts'
import type { BackChannelRequest } from './outcomes.ts'
import type { Ports } from './ports.ts'
import type { Mark } from './store.ts'

/** A request whose sender is known. Its assertion is not yet marked as used: see `useOnce`. */
export interface AuthenticatedRequest {
  readonly form: Form
  readonly client: Client
  readonly assertion: Mark
}

/**
 * Finds out which client sent a request of the back channel: the same way at every endpoint (SP-AS-08b).
 *
 * @throws Refused `invalid_client`, or `invalid_request` when the body is no proper form.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication OIDC Core §9}
 */
export async function authenticateClient(
  request: BackChannelRequest,
  ports: Ports,
): Promise<AuthenticatedRequest> {
  const form = readForm(request)
  const { assertion, malformed } = decoded(parameter(form, 'client_assertion'))
  const subject = assertion?.claims['sub']
  const found = typeof subject === 'string' ? await ports.clients.find(subject) : undefined
  const credentials = enforce(credentialRules, {
    form,
    authorization: request.authorization,
    assertion,
    malformed,
    client: found,
  })
  const { client } = credentials
  const verified = verifyClientAssertion(credentials.assertion, {
    clientId: client.id,
    issuer: ports.service.issuer,
    now: ports.clock.now(),
    registeredAlgorithm: client.assertionAlgorithm,
    keys: await ports.clients.keys(client, wanted(credentials.assertion)),
  })
  return { form, client, assertion: verified }
}

function decoded(assertion: string | undefined): {
  readonly assertion: DecodedJwt | undefined
  readonly malformed: string | undefined
} {
  if (assertion === undefined) return { assertion: undefined, malformed: undefined }
  try {
    return { assertion: decodeJwt(assertion), malformed: undefined }
  } catch (error) {
    if (!(error instanceof MalformedJwt)) throw error
    return { assertion: undefined, malformed: error.message }
  }
}

function wanted({ header: { kid, alg } }: DecodedJwt): {
  readonly kid?: string
  readonly alg: string
} {
  return kid === undefined ? { alg } : { kid, alg }
}
