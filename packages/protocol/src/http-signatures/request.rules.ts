import { fieldsOf } from '../fields.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import type { Seconds } from '../time.ts'
import { component } from './components.ts'
import { matchesDigest } from './content-digest.ts'
import { freshTimes, isFresh, toldTimes } from './freshness.ts'
import type { HttpRequest } from './message.ts'
import { isCovered, type MessageSignature, type TaggedSignatures } from './signatures.ts'
import { keysFor, signatureBaseOrProblem, verifyMessage } from './verify.ts'

/** What a signature must cover whatever the request is. @see FAPI 2.0 HTTP Signatures §5.3.1.2-5 */
const ALWAYS = ['@method', '@target-uri', 'authorization'] as const

/** A request with what it says of its signatures. Nothing is proved yet. */
export interface SignedRequest extends TaggedSignatures {
  readonly request: Pick<HttpRequest, 'headers'>
  readonly now: Seconds
}

export interface ReadableSignedRequest extends SignedRequest {
  readonly signatures: readonly [MessageSignature]
}

const invalid = (description: string): Refusal => refusal('invalid_signature', description)

const uncovered = (names: readonly string[], subject: SignedRequest): readonly string[] =>
  names.filter((name) => !isCovered(component(name), subject))

const hasField = (name: string, { headers }: Pick<HttpRequest, 'headers'>): boolean =>
  fieldsOf(headers, name).length > 0

/** What a signature must say. Cheap, and before its key is looked for. Read beside FAPI 2.0 HTTP Signatures §5.3.1.2. */
export const requestSignatureRules: Rules<SignedRequest, ReadableSignedRequest> = [
  {
    id: 'HS-RS-01',
    reason: 'request_signature_unreadable',
    says: 'serves signed requests only, where a route asks for them',
    holds: ({ problem }) => problem === undefined,
    otherwise: invalid('the request must be signed, by Signature-Input and Signature'),
    expected: () => 'Signature-Input and Signature as RFC 9421 describes them',
    received: ({ problem = '' }) => problem,
    remedy: 'Sign the request with a library for HTTP Message Signatures (RFC 9421).',
  },
  {
    id: 'HS-RS-02',
    reason: 'request_signature_tag',
    says: 'takes the one signature that is tagged as one of a FAPI request',
    holds: ({ signatures }) => signatures.length === 1,
    otherwise: invalid('exactly one signature of the request must have the tag fapi-2-request'),
    expected: ({ tag }) => `one signature with tag ${shown(tag)}`,
    received: ({ signatures }) => `${signatures.length} signatures with that tag`,
    remedy: 'Add the parameter tag="fapi-2-request" to the signature: its label says nothing.',
  },
  {
    id: 'HS-RS-03',
    reason: 'request_signature_coverage',
    says: 'takes signatures that cover method, target URI and Authorization',
    holds: (subject) => uncovered(ALWAYS, subject).length === 0,
    otherwise: invalid('the signature must cover @method, @target-uri and authorization'),
    expected: () => ALWAYS.join(', '),
    received: (subject) => `a signature without ${uncovered(ALWAYS, subject).join(', ')}`,
    remedy: 'Sign these components, without parameters; @path is no substitute for @target-uri.',
  },
  {
    id: 'HS-RS-05',
    reason: 'request_signature_dpop',
    says: 'takes signatures that cover the DPoP proof, if there is one',
    holds: (subject) => !hasField('dpop', subject.request) || isCovered(component('dpop'), subject),
    otherwise: invalid('the signature must cover the DPoP header'),
    expected: () => 'dpop among the components',
    received: () => 'a DPoP header that is not covered',
    remedy: 'Make the DPoP proof first, and sign the request with it.',
  },
  {
    id: 'HS-RS-04',
    reason: 'request_signature_created',
    says: 'takes signatures that were made just now',
    holds: ({ signatures: [signature], now }) => signature !== undefined && isFresh(signature, now),
    otherwise: invalid('created of the signature is not close enough to the time of the server'),
    expected: ({ now }) => freshTimes(now),
    received: ({ signatures: [signature], now }) =>
      signature === undefined ? 'nothing' : toldTimes(signature, now),
    remedy: 'Sign each request when it is sent, and set the clock of the client by NTP.',
  },
]

/** A signature against the request, and against the keys of the client the request is of. */
export interface KeyedRequest {
  readonly signature: MessageSignature
  /** The same request once for each URL under which this server is known. */
  readonly requests: readonly [HttpRequest, ...HttpRequest[]]
  /** The keys of the client, and no others. */
  readonly keys: readonly VerificationKey[]
}

/** Who may have signed. Read beside RFC 9421 §3.2-5. */
export const requestSignatureKeyRules: Rules<KeyedRequest, KeyedRequest> = [
  {
    id: 'HS-RS-07',
    reason: 'request_signature_key',
    says: 'looks for the key of a signature among those of the client only',
    holds: ({ signature, keys }) => keysFor(signature, keys).length > 0,
    otherwise: invalid('the client has no key of that keyid for that algorithm'),
    expected: ({ keys }) =>
      `keyid of one of the ${keys.length} keys of the client, and alg of that key or none`,
    received: ({ signature: { keyid, alg } }) => `keyid ${shown(keyid)}, alg ${shown(alg)}`,
    remedy: 'Register the public key the client signs requests with, and send its kid as keyid.',
  },
]

/** Who signed. Read beside RFC 9421 §3.2-7, -8. */
export const requestSignatureProofRules: Rules<KeyedRequest, KeyedRequest> = [
  {
    id: 'HS-RS-01',
    reason: 'request_signature_invalid',
    says: 'takes signatures that verify with a key of the client',
    holds: ({ signature, requests, keys }) =>
      requests.some((request) => verifyMessage(signature, request, keys)),
    otherwise: invalid('the signature of the request does not verify'),
    expected: ({ requests }) =>
      `a signature over the request as it came, with @target-uri ${requests.map(({ targetUri }) => shown(targetUri.replace(/\?.*$/s, ''))).join(' or ')} and its query`,
    received: ({ signature: { input }, requests: [request] }) => {
      const made = signatureBaseOrProblem(input, request)
      return 'problem' in made ? made.problem : 'a signature over something else, or by another key'
    },
    remedy:
      'Sign what is sent: no component may change on the way. If the URL is wrong, correct baseUrl of the API.',
  },
]

/** The body of a request whose signature holds. */
export interface SignedContent {
  readonly signatures: readonly [MessageSignature]
  readonly request: Pick<HttpRequest, 'headers'>
  /** Empty where there is none. */
  readonly body: Uint8Array
}

const DIGEST = component('content-digest')

/** Read beside FAPI 2.0 HTTP Signatures §5.3.1.2-8, RFC 9530 §2. */
export const requestContentRules: Rules<SignedContent, SignedContent> = [
  {
    id: 'HS-RS-06',
    reason: 'request_content_digest',
    says: 'takes a body only with a digest that fits it and is covered',
    // A body that was taken away leaves its digest behind.
    holds: (subject) => {
      const digests = fieldsOf(subject.request.headers, 'content-digest')
      if (subject.body.length === 0 && digests.length === 0) return true
      return isCovered(DIGEST, subject) && matchesDigest(digests, subject.body)
    },
    otherwise: invalid('Content-Digest must be one of the body, and covered by the signature'),
    expected: ({ body }) => `Content-Digest of the ${body.length} bytes that came, covered`,
    received: (subject) => {
      if (!hasField('content-digest', subject.request)) return 'no Content-Digest'
      return isCovered(DIGEST, subject)
        ? 'a digest of something else, or none we know'
        : 'one that is not covered'
    },
    remedy:
      'Send the sha-256 of the bytes that are sent, after any content coding, and sign that header too.',
  },
]
