import {
  boundTo,
  refusal,
  type Confirmation,
  type Rules,
  type TokenScheme,
  type VerifiedProof,
} from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { Grant } from '../store/durable.ts'
import type { Claims } from './claims.ts'

/** How a token came, and what it is bound to. */
interface Binding {
  readonly scheme: TokenScheme
  readonly cnf: Confirmation
  /** The thumbprint of the certificate of the connection. */
  readonly certificate: string | undefined
}

/** Every token of ours is bound, to a DPoP key or a certificate. Read beside RFC 9449 §7.2 and RFC 8705 §3. */
export const bindingRules: Rules<Binding, Binding> = [
  {
    id: 'DPOP-RS-02',
    reason: 'bound_token_as_bearer',
    says: 'takes no token without the proof of its key',
    holds: ({ scheme, cnf }) => scheme === 'dpop' || !('jkt' in cnf),
    otherwise: refusal('invalid_token', 'the token is bound to a DPoP key: use the DPoP scheme'),
    expected: () => 'Authorization: DPoP, and a DPoP header',
    received: () => 'Authorization: Bearer',
    remedy: 'Send the token with scheme DPoP and a proof for this request.',
  },
  {
    id: 'SP-RS-01',
    reason: 'dpop_scheme_without_key',
    says: 'takes tokens that are bound to a certificate with scheme Bearer',
    holds: ({ scheme, cnf }) => scheme === 'bearer' || 'jkt' in cnf,
    otherwise: refusal('invalid_token', 'the token is bound to a certificate: use Bearer'),
    expected: () => 'Authorization: Bearer, over a connection with the certificate',
    received: () => 'Authorization: DPoP, for a token that is bound to no DPoP key',
    remedy: 'Send the token with scheme Bearer to the alias of the userinfo endpoint.',
  },
  {
    id: 'MTLS-06',
    reason: 'certificate_mismatch',
    says: 'takes a token that is bound to a certificate from the holder of its key only',
    holds: ({ scheme, cnf, certificate }) =>
      scheme === 'dpop' || 'jkt' in cnf || boundTo(cnf, { certificateThumbprint: certificate }),
    otherwise: refusal('invalid_token', 'the token is bound to another certificate'),
    expected: ({ cnf }) => `a certificate with thumbprint ${'jkt' in cnf ? '' : cnf['x5t#S256']}`,
    received: ({ certificate }) =>
      certificate === undefined ? 'no certificate' : `a certificate with thumbprint ${certificate}`,
    remedy:
      'Connect to the alias of the userinfo endpoint with the certificate the token was asked for with.',
  },
]

export interface ResourcePossession {
  readonly proof: VerifiedProof | undefined
}

export interface ProvedResourcePossession extends ResourcePossession {
  readonly proof: VerifiedProof
}

/** Read beside RFC 9449 §7.1. */
export const resourcePossessionRules: Rules<ResourcePossession, ProvedResourcePossession> = [
  {
    id: 'DPOP-RS-01',
    reason: 'dpop_proof_missing',
    says: 'gives nothing for a token that is bound to a DPoP key without a proof',
    holds: ({ proof }) => proof !== undefined,
    otherwise: refusal('invalid_dpop_proof', 'a DPoP proof is required'),
    expected: () => 'a DPoP header with a proof for this request and this token',
    received: () => 'no DPoP header',
    remedy: 'Make a proof with ath for every request.',
  },
]

/** A token in the hand of its holder, and what it stands for now. */
export interface Access {
  readonly scopes: readonly string[]
  readonly revoked: boolean
  /** The client the token was issued to; undefined when it is gone or disabled. */
  readonly client: Client | undefined
  /** Undefined when the grant is over. */
  readonly grant: Grant | undefined
  /** What is known of the user; undefined when the user is gone or disabled. */
  readonly known: Claims | undefined
}

export interface RightfulAccess extends Access {
  readonly client: Client
  readonly grant: Grant
  readonly known: Claims
}

const ended = refusal('invalid_token', 'the access token has ended')
const REMEDY = 'Let the user log in again.'

/** What a token must still stand for. Read beside FAPI 2.0 §5.3.4 and OIDC Core §5.3. */
export const accessRules: Rules<Access, RightfulAccess> = [
  {
    id: 'SP-RS-04',
    reason: 'scope_insufficient',
    says: 'tells about a user only who was allowed to know',
    holds: ({ scopes }) => scopes.includes('openid'),
    otherwise: refusal('insufficient_scope', 'scope openid is needed'),
    expected: () => 'a token with scope openid',
    received: ({ scopes }) => (scopes.length === 0 ? 'no scope' : `scope ${scopes.join(' ')}`),
    remedy: 'Ask for scope openid in the authorization request.',
  },
  {
    id: 'SP-RS-03',
    reason: 'access_token_revoked',
    says: 'takes no token that was revoked, itself or with its grant',
    holds: ({ revoked }) => !revoked,
    otherwise: ended,
    expected: () => 'a token that stands',
    received: () => 'a token that was revoked, by the client or because its code was used twice',
    remedy: REMEDY,
  },
  {
    id: 'SP-AS-03',
    reason: 'client_gone',
    says: 'serves registered clients only',
    holds: ({ client }) => client !== undefined,
    otherwise: ended,
    expected: () => 'a token of a client that is registered and not disabled',
    received: () => 'a token of a client that is gone or disabled',
    remedy: 'Register or enable the client (signet client list shows those that are).',
  },
  {
    id: 'BCP-16',
    reason: 'grant_over',
    says: 'ends every grant in time',
    holds: ({ grant, scopes }) => grant !== undefined || !scopes.includes('openid'),
    otherwise: ended,
    expected: () => 'a token of a grant that stands',
    received: () => 'a token of a grant that is over',
    remedy: REMEDY,
  },
  {
    id: 'OIDC-15',
    reason: 'user_gone',
    says: 'gives nothing about a user who is gone',
    holds: ({ known, scopes }) => known !== undefined || !scopes.includes('openid'),
    otherwise: ended,
    expected: () => 'a user who exists and is not disabled',
    received: ({ grant }) => `the subject ${grant?.authorization.subject ?? ''}`,
    remedy: 'Enable the user again if that is wanted.',
  },
]
