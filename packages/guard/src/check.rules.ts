import { boundTo, refusal, type Rules, type TokenScheme } from '@signet/protocol'
import type { Keys } from './token-claims.ts'

/** Which proofs of possession an API takes. */
export type SenderConstraint = 'dpop' | 'mtls' | 'either'

/** A verified token against how it was sent. Nothing of the sender is proved yet. */
export interface Binding {
  readonly scheme: TokenScheme
  readonly keys: Keys
  readonly senderConstraint: SenderConstraint
  /** How many `DPoP` header fields came along. */
  readonly proofs: number
}

const nameOf = ({ jkt, certificate }: Keys): string =>
  [jkt && 'a DPoP key', certificate && 'a certificate'].filter(Boolean).join(' and ') || 'no key'

const WANTED: Readonly<Record<SenderConstraint, string>> = {
  dpop: 'a token bound to a DPoP key (cnf.jkt)',
  mtls: 'a token bound to a certificate (cnf.x5t#S256)',
  either: 'a token bound to a DPoP key or a certificate (cnf.jkt or cnf.x5t#S256)',
}

/** Whether a token came as its binding asks. Read beside FAPI 2.0 §5.3.4-5, RFC 9449 §7. */
export const bindingRules: Rules<Binding, Binding> = [
  {
    id: 'SP-RS-05',
    reason: 'token_unbound',
    says: 'takes tokens that are bound to a key, in a way it can prove',
    holds: ({ keys, senderConstraint }) =>
      (senderConstraint !== 'mtls' && keys.jkt !== undefined) ||
      (senderConstraint !== 'dpop' && keys.certificate !== undefined),
    otherwise: refusal('invalid_token', 'the access token is not bound to a key as it has to be'),
    expected: ({ senderConstraint }) => WANTED[senderConstraint],
    received: ({ keys }) => `a token bound to ${nameOf(keys)}`,
    remedy:
      'Ask for the token with a DPoP proof (or a certificate), and have the issuer bind it to that key.',
  },
  {
    id: 'DPOP-RS-02',
    reason: 'bound_token_as_bearer',
    says: 'takes no token that is bound to a DPoP key with scheme Bearer',
    holds: ({ scheme, keys }) => scheme === 'dpop' || keys.jkt === undefined,
    otherwise: refusal('invalid_token', 'the access token is bound: use the DPoP scheme'),
    expected: () => 'Authorization: DPoP, and a DPoP header',
    received: () => 'Authorization: Bearer',
    remedy: 'Send the token with scheme DPoP and a proof for this request.',
  },
  {
    id: 'SP-RS-01',
    reason: 'dpop_scheme_without_key',
    says: 'takes tokens that are bound to a certificate alone with scheme Bearer',
    holds: ({ scheme, keys }) =>
      scheme === 'bearer' || keys.jkt !== undefined || keys.certificate === undefined,
    otherwise: refusal('invalid_token', 'the access token is bound to a certificate: use Bearer'),
    expected: () => 'Authorization: Bearer, over a connection with the certificate',
    received: () => 'Authorization: DPoP, for a token that is bound to no DPoP key',
    remedy: 'Send the token with scheme Bearer over mutual TLS.',
  },
  {
    id: 'DPOP-RS-01',
    reason: 'dpop_proof_missing',
    says: 'gives nothing for a token that is bound to a DPoP key without a proof',
    holds: ({ scheme, keys, proofs }) =>
      scheme === 'bearer' || keys.jkt === undefined || proofs > 0,
    otherwise: refusal('invalid_dpop_proof', 'a DPoP proof is required'),
    expected: () => 'a DPoP header with a proof for this request and this token',
    received: () => 'no DPoP header',
    remedy: 'Make a proof with ath for every request.',
  },
]

/** The certificate a request showed, and the one its token is bound to. */
export interface CertificateBinding {
  /** Base64url SHA-256, from the `cnf` claim. */
  readonly wanted: string
  readonly shown: string | undefined
  /** Where certificates are looked for. */
  readonly source: string
}

/** Read beside RFC 8705 §3. */
export const certificateRules: Rules<CertificateBinding, CertificateBinding> = [
  {
    id: 'MTLS-06',
    reason: 'certificate_mismatch',
    says: 'takes a token that is bound to a certificate from the holder of its key only',
    holds: ({ wanted, shown }) => boundTo({ 'x5t#S256': wanted }, { certificateThumbprint: shown }),
    otherwise: refusal('invalid_token', 'the access token is bound to another certificate'),
    expected: ({ wanted, source }) => `a certificate with thumbprint ${wanted}, from ${source}`,
    received: ({ shown }) =>
      shown === undefined ? 'no certificate' : `a certificate with thumbprint ${shown}`,
    remedy:
      'Connect with the certificate the token was asked for with. Behind a proxy, list its address and the format of its header in the options of the guard.',
  },
]
