import { enforce, parameter } from '@signet/protocol'
import {
  certificateOf,
  isWeaklyCertified,
  reachedEndpoints,
  useOnce,
  verifyRequestProof,
} from '../back-channel.ts'
import { authenticateClient } from '../client-authentication.ts'
import type { GrantType } from '../clients/client.ts'
import type { BackChannelRequest, TokensIssued } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { clientCredentials } from './client-credentials.ts'
import { exchange } from './exchange.ts'
import { refresh } from './refresh.ts'
import type { TokenRequest } from './token-request.ts'
import { confirmationOf, grantChoiceRules, possessionRules } from './token.rules.ts'

type Grant = (request: TokenRequest, ports: Ports) => Promise<TokensIssued>

const GRANTS: Readonly<Record<GrantType, Grant>> = {
  authorization_code: exchange,
  refresh_token: refresh,
  client_credentials: clientCredentials,
}

/**
 * The token endpoint: who asks, with which key, and on what grounds. The grounds are the business of each grant; for a
 * code that is step 4 of 4, `exchange.ts`.
 *
 * @throws Refused with any error of RFC 6749 §5.2, RFC 8707 §2 or RFC 9449 §5.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-3.2 RFC 6749 §3.2}
 */
export async function token(request: BackChannelRequest, ports: Ports): Promise<TokensIssued> {
  const { form, client, assertion } = await authenticateClient(request, ports)
  const asked = parameter(form, 'grant_type')
  const { grantType } = enforce(grantChoiceRules, { client, grantType: asked })
  const target = { method: 'POST', url: reachedEndpoints(request, ports).token }
  const proof = verifyRequestProof(request, target, ports)
  const held = enforce(possessionRules, {
    constraint: client.senderConstraint,
    proof,
    certificate: certificateOf(request),
    weak: client.senderConstraint === 'mtls' && isWeaklyCertified(request),
  })
  await useOnce({ assertion, proof }, ports)

  return GRANTS[grantType]({ form, client, confirmation: confirmationOf(held) }, ports)
}
