import {
  invalidRequest,
  isVerifier,
  matchesChallenge,
  refusal,
  type Confirmation,
  type Rules,
} from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { AuthorizationCode } from '../store/ephemeral.ts'
import type { Seconds } from '../store/values.ts'

/** An authorization code on its way back, and who brings it. */
export interface Exchange {
  readonly client: Client
  /** Whether there was a `code` at all; the code itself is nobody's business any more. */
  readonly presented: boolean
  /** What the code stands for; undefined when it is unknown. */
  readonly code: AuthorizationCode | undefined
  readonly redirectUri: string | undefined
  readonly verifier: string | undefined
  /** The key the sender has proved to hold. */
  readonly confirmation: Confirmation
}

export interface RightfulExchange extends Exchange {
  readonly code: AuthorizationCode
}

const invalidCode = refusal(
  'invalid_grant',
  'the authorization code is unknown, expired, used or for another client',
)

/**
 * Whether a code belongs to who brings it. Whoever breaks one of these has no say over what the code gave before: only
 * a rightful second use revokes it. Read beside RFC 6749 §4.1.3, RFC 7636 §4.6 and RFC 9449 §10.
 */
export const exchangeRules: Rules<Exchange, RightfulExchange> = [
  {
    id: 'OAU-05',
    reason: 'code_missing',
    says: 'answers a request without code with an error of the client',
    holds: ({ presented }) => presented,
    otherwise: invalidRequest('code is required'),
    expected: () => 'code, as it came to the redirect_uri',
    received: () => 'no code',
    remedy: 'Send the code of the authorization response.',
  },
  {
    id: 'SP-AS-11',
    reason: 'code_unknown',
    says: 'takes no code it has not issued, or has forgotten',
    holds: ({ presented, code }) => !presented || code !== undefined,
    otherwise: invalidCode,
    expected: () => 'a code of this server, redeemed at once',
    received: () =>
      'a code that is not known here: never issued, altered, of another server, or long expired',
    remedy: 'Send the code as it came, to the server whose iss came with it, at once.',
  },
  {
    id: 'OAU-03',
    reason: 'code_of_other_client',
    says: 'redeems a code only for the client it was issued to',
    holds: ({ code, client }) => code === undefined || code.authorization.clientId === client.id,
    otherwise: invalidCode,
    expected: ({ code }) => `client ${code?.authorization.clientId ?? ''}`,
    received: ({ client }) => `client ${client.id}`,
    remedy: 'Look for a mix-up of two clients; if there is none, somebody tried a stolen code.',
  },
  {
    id: 'OAU-11',
    reason: 'redirect_uri_differs',
    says: 'redeems a code only with the redirect_uri it was sent to, character by character',
    holds: ({ code, redirectUri }) => code === undefined || redirectUri === code.redirectUri,
    otherwise: refusal('invalid_grant', 'redirect_uri is not the one of the authorization request'),
    expected: ({ code }) => `redirect_uri ${code?.redirectUri ?? ''}`,
    received: ({ redirectUri }) => withoutCode(redirectUri) ?? 'no redirect_uri',
    remedy: 'Repeat the redirect_uri of the pushed request exactly.',
  },
  {
    id: 'PKCE-06',
    reason: 'code_verifier_malformed',
    says: 'requires a code_verifier of the length and the characters of one',
    holds: ({ verifier }) => verifier === undefined || isVerifier(verifier),
    otherwise: refusal('invalid_grant', 'code_verifier is not well-formed'),
    expected: () => '43 to 128 characters among A-Z a-z 0-9 - . _ ~',
    received: ({ verifier }) => `${verifier?.length ?? 0} characters, or others than these`,
    remedy: 'Make the verifier of 32 random bytes in base64url, without padding.',
  },
  {
    id: 'PKCE-04',
    reason: 'code_verifier_mismatch',
    says: 'redeems a code only for who knows the code_verifier of its challenge',
    holds: ({ code, verifier }) => {
      if (code === undefined || (verifier !== undefined && !isVerifier(verifier))) return true
      return verifier !== undefined && matchesChallenge(verifier, code.codeChallenge)
    },
    otherwise: refusal('invalid_grant', 'code_verifier is missing or does not match'),
    expected: () => 'the code_verifier whose SHA-256 was pushed as code_challenge',
    received: ({ verifier }) =>
      verifier === undefined ? 'no code_verifier' : 'another code_verifier',
    remedy: 'Keep the verifier of each request in the session of the browser that began it.',
  },
  {
    id: 'DPOP-JKT-01',
    reason: 'code_of_other_key',
    says: 'redeems a code only for the key it was bound to in the authorization request',
    holds: ({ code, confirmation }) =>
      code?.dpopJkt === undefined || ('jkt' in confirmation && confirmation.jkt === code.dpopJkt),
    otherwise: refusal('invalid_dpop_proof', 'the code is bound to another DPoP key'),
    expected: ({ code }) => `a proof by the key with thumbprint ${code?.dpopJkt ?? ''}`,
    received: ({ confirmation }) =>
      'jkt' in confirmation
        ? `a proof by the key with thumbprint ${confirmation.jkt}`
        : 'a certificate',
    remedy: 'Use one DPoP key from the pushed authorization request to the token request.',
  },
]

/** Whoever sends the whole callback in place of its URI has sent a code that may still be good. */
function withoutCode(redirectUri: string | undefined): string | undefined {
  return redirectUri?.replaceAll(/([?&#]code=)[^&#]*/g, '$1…')
}

/** A code of its rightful holder, not used before, and the time. */
export interface CodeAge {
  readonly expiresAt: Seconds
  readonly now: Seconds
}

/** Judged after the code was marked as used, so that the reuse of an expired code is noticed too. */
export const codeAgeRules: Rules<CodeAge, CodeAge> = [
  {
    id: 'SP-AS-11',
    reason: 'code_expired',
    says: 'takes a code for its lifetime of at most 60 seconds, and not a second longer',
    holds: ({ expiresAt, now }) => now < expiresAt,
    otherwise: invalidCode,
    expected: ({ expiresAt }) => `a code redeemed before ${expiresAt}`,
    received: ({ expiresAt, now }) => `a code redeemed at ${now}, ${now - expiresAt} s too late`,
    remedy: 'Redeem the code as soon as it arrives.',
  },
]
