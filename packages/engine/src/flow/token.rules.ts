import {
  invalidRequest,
  refusal,
  type Confirmation,
  type Rules,
  type VerifiedProof,
} from '@signet/protocol'
import { GRANT_TYPES, isGrantType, type Client, type GrantType } from '../clients/client.ts'

/** An authenticated request for a token, before anybody looks at what it rests on. */
export interface GrantChoice {
  readonly client: Client
  readonly grantType: string | undefined
}

export interface SupportedGrantChoice extends GrantChoice {
  readonly grantType: GrantType
}

/** What the choice of a grant must respect. Read beside FAPI 2.0 §5.3.2.1 and RFC 6749 §5.2. */
export const grantChoiceRules: Rules<GrantChoice, SupportedGrantChoice> = [
  {
    id: 'OAU-05',
    reason: 'grant_type_missing',
    says: 'answers a request without grant_type with an error of the client',
    holds: ({ grantType }) => grantType !== undefined,
    otherwise: invalidRequest('grant_type is required'),
    expected: () => `grant_type, one of ${GRANT_TYPES.join(' ')}`,
    received: () => 'no grant_type',
    remedy: 'Send grant_type in the form.',
  },
  {
    id: 'SP-AS-02',
    reason: 'grant_type_unsupported',
    says: 'refuses the password grant, and whatever else the profile does not cover',
    holds: ({ grantType }) => grantType === undefined || isGrantType(grantType),
    otherwise: refusal('unsupported_grant_type', 'this grant_type is not supported'),
    expected: () => `one of ${GRANT_TYPES.join(' ')}`,
    received: ({ grantType }) => `grant_type ${grantType ?? ''}`,
    remedy: 'Log users in with the authorization code flow; never ask them for their password.',
  },
  {
    id: 'SP-AS-15',
    reason: 'grant_type_not_registered',
    says: 'lets a client use only the grants it is registered for',
    holds: ({ client, grantType }) =>
      grantType === undefined || !isGrantType(grantType) || client.grantTypes.has(grantType),
    otherwise: refusal('unauthorized_client', 'the client is not registered for this grant_type'),
    expected: ({ client }) => `one of ${[...client.grantTypes].join(' ')}`,
    received: ({ grantType }) => `grant_type ${grantType ?? ''}`,
    remedy: 'Add the grant to grant_types of the client, if it is to use it.',
  },
]

/** What the sender of a token request has proved to hold, beside what its client is registered for. */
export interface Possession {
  readonly constraint: Client['senderConstraint']
  readonly proof: VerifiedProof | undefined
  /** The thumbprint of the certificate of the connection. */
  readonly certificate: string | undefined
  /** Whether the key of that certificate can be computed, or is of no kind we know. */
  readonly weak: boolean
}

export type ProvedPossession =
  | (Possession & { readonly constraint: 'dpop'; readonly proof: VerifiedProof })
  | (Possession & { readonly constraint: 'mtls'; readonly certificate: string })

/** No token without a key to bind it to, whatever the grant. Read beside RFC 9449 §5 and RFC 8705 §3. */
export const possessionRules: Rules<Possession, ProvedPossession> = [
  {
    id: 'SP-AS-04',
    reason: 'token_request_without_proof',
    says: 'binds every access token it issues to a key of the client',
    holds: ({ constraint, proof }) => constraint !== 'dpop' || proof !== undefined,
    otherwise: refusal('invalid_dpop_proof', 'a DPoP proof is required'),
    expected: () => 'a DPoP header with a proof for this request',
    received: () => 'no DPoP header',
    remedy: 'Send a DPoP proof with every token request, also when refreshing.',
  },
  {
    id: 'MTLS-04',
    reason: 'certificate_missing',
    says: 'binds the tokens of a client that is registered so to its certificate, and issues no others',
    holds: ({ constraint, certificate }) => constraint !== 'mtls' || certificate !== undefined,
    otherwise: invalidRequest('a client certificate is required'),
    expected: () => 'a request over a connection with a certificate, at the token endpoint alias',
    received: () => 'a request without certificate',
    remedy: 'Send token requests to mtls_endpoint_aliases, with the certificate of the client.',
  },
  {
    id: 'SP-CR-04',
    reason: 'certificate_key_weak',
    says: 'binds no token to a key that somebody else could compute',
    holds: ({ weak }) => !weak,
    otherwise: invalidRequest('the key of the client certificate is too weak'),
    expected: () =>
      'an RSA key of 2048 bits or more with exponent 65537, or one of P-256, P-384, P-521 or EdDSA',
    received: () => 'a certificate with another key, or one that cannot be read',
    remedy: 'Have the certificate of the client issued anew, for such a key.',
  },
  {
    id: 'MTLS-07',
    reason: 'dpop_proof_unexpected',
    says: 'binds a token to one key, the one the client is registered for',
    holds: ({ constraint, proof }) => constraint !== 'mtls' || proof === undefined,
    otherwise: invalidRequest('the client is registered for tokens bound to its certificate'),
    expected: () => 'no DPoP header (tls_client_certificate_bound_access_tokens is true)',
    received: () => 'a DPoP header',
    remedy:
      'Leave the DPoP header out, or register the client with dpop_bound_access_tokens instead.',
  },
]

/** What the token is bound to. */
export function confirmationOf(held: ProvedPossession): Confirmation {
  return held.constraint === 'dpop' ? { jkt: held.proof.jkt } : { 'x5t#S256': held.certificate }
}
