import {
  decodeJwt,
  enforce,
  MalformedJwt,
  parameter,
  Refused,
  verifyClientAssertion,
  type DecodedJwt,
  type Form,
  type Refusal,
} from '@signet/protocol'
import { readForm } from './back-channel.ts'
import { byCertificate } from './client-certificate.ts'
import {
  attributionRules,
  credentialRules,
  type AttributedCredentials,
  type ReadableCredentials,
} from './client-authentication.rules.ts'
import type { Client } from './clients/client.ts'
import { keySaidToSign } from './clients/wanted-key.ts'
import type { BackChannelRequest } from './outcomes.ts'
import type { Ports } from './ports.ts'
import type { Mark } from './store/ephemeral.ts'

/** A request whose sender is known. */
export interface AuthenticatedRequest {
  readonly form: Form
  readonly client: Client
  /** Of the assertion, if there was one, which is not yet marked as used: see `useOnce`. */
  readonly assertion?: Mark
}

/**
 * Finds out which client sent a request of the back channel: the same way at every endpoint (SP-AS-08b). Who comes to the
 * alias of an endpoint without an assertion has its certificate to show.
 *
 * @throws Refused `invalid_client`, or `invalid_request` when the body is no proper form.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication OIDC Core §9}
 */
export function authenticateClient(
  request: BackChannelRequest,
  ports: Ports,
): Promise<AuthenticatedRequest> {
  const form = readForm(request)
  return request.mutualTls === undefined || parameter(form, 'client_assertion') !== undefined
    ? byAssertion(form, request, ports)
    : byCertificate(form, { ...request, mutualTls: request.mutualTls }, ports)
}

async function byAssertion(
  form: Form,
  request: BackChannelRequest,
  ports: Ports,
): Promise<AuthenticatedRequest> {
  const { assertion, malformed } = decoded(parameter(form, 'client_assertion'))
  const subject = assertion?.claims['sub']
  const found = typeof subject === 'string' ? await ports.clients.find(subject) : undefined
  const credentials = enforce(credentialRules, {
    form,
    authorization: request.authorization,
    assertion,
    malformed,
    client: found,
    authentication: found?.authentication,
  })
  const { client, authentication } = attributed(credentials, ports)
  const verified = verifyClientAssertion(credentials.assertion, {
    clientId: client.id,
    issuer: ports.service.issuer,
    now: ports.clock.now(),
    registeredAlgorithm: authentication.algorithm,
    keys: await ports.clients.keys(client, keySaidToSign(credentials.assertion)),
  })
  return { form, client, assertion: verified }
}

/**
 * The credentials with their client. Of a stranger the audit says that it is none of ours; the caller learns what it would
 * learn of any client whose key it has not, and so never which clients there are.
 */
function attributed(credentials: ReadableCredentials, ports: Ports): AttributedCredentials {
  try {
    return enforce(attributionRules, credentials)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw new Refused(refusalOfAnyClient(credentials, ports) ?? error.refusal, error.evidence)
  }
}

function refusalOfAnyClient(
  { assertion }: ReadableCredentials,
  { service, clock }: Ports,
): Refusal | undefined {
  const { sub } = assertion.claims
  const clientId = typeof sub === 'string' ? sub : ''
  try {
    verifyClientAssertion(assertion, {
      clientId,
      issuer: service.issuer,
      now: clock.now(),
      keys: [],
    })
    return undefined
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return error.refusal
  }
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
