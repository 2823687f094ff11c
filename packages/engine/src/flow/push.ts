import { enforce, parameter, verifyIdTokenHint } from '@signet/protocol'
import type { AcceptedParameters } from '../authorization-parameters.ts'
import { reachedEndpoints, useOnce, verifyRequestProof } from '../back-channel.ts'
import { authenticateClient } from '../client-authentication.ts'
import { datedSecret, digestOf } from '../digest.ts'
import type { BackChannelRequest, Pushed } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { permittedClaims } from '../tokens/claims.ts'
import { readAuthorizationRequest } from './authorization-request.ts'
import { pushRules, type AcceptedPush } from './push.rules.ts'

/** What every `request_uri` of ours begins with (RFC 9126 §2.2). */
export const REQUEST_URI_PREFIX = 'urn:ietf:params:oauth:request_uri:'

/**
 * Step 1 of 4: the client states, over the back channel, what it wants, and gets a reference to hand to the browser.
 * Next: `push.rules.ts`, what it must respect; then `begin.ts`, where the browser brings the reference.
 *
 * @throws Refused with any error of the token endpoint, or of the authorization endpoint.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9126.html#section-2 RFC 9126 §2}
 */
export async function push(request: BackChannelRequest, ports: Ports): Promise<Pushed> {
  const { service, store, clock } = ports
  const { form, client, assertion } = await authenticateClient(request, ports)
  const url = reachedEndpoints(request, ports).pushedAuthorizationRequest
  const proof = verifyRequestProof(request, { method: 'POST', url }, ports)
  const requestUriSent = parameter(form, 'request_uri') !== undefined
  const { parameters, by, mark } = await readAuthorizationRequest(form, client, ports)
  await useOnce({ assertion, proof, requestObject: mark }, ports)

  const accepted = enforce(pushRules, { client, service, parameters, by, proof, requestUriSent })
  const hintedSubject = readHint(parameters.id_token_hint, ports)

  const requestUri = `${REQUEST_URI_PREFIX}${datedSecret(ports)}`
  const expiresIn = service.lifetimes.pushedRequest
  const expiresAt = clock.now() + expiresIn
  await store.pushedRequests.put({
    digest: digestOf(requestUri),
    clientId: client.id,
    parameters: kept(accepted, hintedSubject),
    expiresAt,
    keptUntil: expiresAt + service.lifetimes.interaction,
  })
  return { action: 'created', requestUri, expiresIn }
}

/** What is kept of an accepted request: nothing that was only there to be checked, nothing the client may not know. */
function kept(
  { parameters, proof, client }: AcceptedPush,
  hintedSubject: string | undefined,
): AcceptedParameters {
  const { response_type, code_challenge_method, id_token_hint, ...asked } = parameters
  const dpop_jkt = proof?.jkt ?? asked.dpop_jkt
  const { claims } = asked
  return {
    ...asked,
    ...(claims !== undefined && { claims: permittedClaims(claims, client.scopes) }),
    ...(dpop_jkt !== undefined && { dpop_jkt }),
    ...(hintedSubject !== undefined && { hinted_subject: hintedSubject }),
  }
}

/** @throws Refused when the hint is no ID token of ours. */
function readHint(hint: string | undefined, { service, keys }: Ports): string | undefined {
  if (hint === undefined) return undefined
  return verifyIdTokenHint(hint, { issuer: service.issuer, keys: keys.published }).sub
}
