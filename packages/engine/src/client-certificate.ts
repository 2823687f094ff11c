import {
  enforce,
  parameter,
  readAuthorities,
  readPresentedCertificate,
  verifyCertificateAuthentication,
  type Authorities,
  type Form,
} from '@signet/protocol'
import type { AuthenticatedRequest } from './client-authentication.ts'
import {
  certificateAttributionRules,
  certificateCredentialRules,
} from './client-certificate.rules.ts'
import type { MutualTlsPolicy } from './config.ts'
import type { BackChannelRequest, MutualTls } from './outcomes.ts'
import type { Ports } from './ports.ts'

type CertificateRequest = BackChannelRequest & { readonly mutualTls: MutualTls }

/**
 * Finds out which client sent a request, by its certificate: the request names the client, and the certificate must be one
 * that is registered for it. TLS has proved that the other end holds the key.
 *
 * @throws Refused `invalid_client`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705.html#section-2 RFC 8705 §2}
 */
export async function byCertificate(
  form: Form,
  { authorization, mutualTls: { chain } }: CertificateRequest,
  ports: Ports,
): Promise<AuthenticatedRequest> {
  const { service, clients, clock } = ports
  const { clientId } = enforce(certificateCredentialRules, {
    form,
    authorization,
    clientId: parameter(form, 'client_id'),
    certificates: chain.length,
  })
  // First of all, and of everybody: who shows none must not learn which clients there are.
  const certificate = readPresentedCertificate(chain)
  const found = await clients.find(clientId)
  const { client, authentication } = enforce(certificateAttributionRules, {
    clientId,
    client: found,
    authentication: found?.authentication,
  })
  verifyCertificateAuthentication({
    certificate,
    chain,
    registered: authentication,
    authorities: authoritiesOf(service.mtls),
    keys:
      authentication.method === 'self_signed_tls_client_auth'
        ? await clients.keys(client, { certificate })
        : [],
    now: clock.now(),
  })
  return { form, client }
}

const authorities = new WeakMap<MutualTlsPolicy, Authorities>()

/** Read once for each service. */
function authoritiesOf(policy: MutualTlsPolicy | undefined): Authorities {
  if (policy === undefined) return readAuthorities([])
  const known = authorities.get(policy) ?? readAuthorities(policy.trustedAuthorities)
  authorities.set(policy, known)
  return known
}
