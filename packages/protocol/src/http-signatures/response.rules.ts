import { fieldsOf } from '../fields.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import type { Seconds } from '../time.ts'
import { component, identityOf, type Component } from './components.ts'
import { matchesDigest } from './content-digest.ts'
import { freshTimes, isFresh, toldTimes } from './freshness.ts'
import type { LinkedRequest } from './linked-request.ts'
import type { HttpResponse } from './message.ts'
import { isCovered, type MessageSignature, type TaggedSignatures } from './signatures.ts'
import { signatureBaseOrProblem, verifyMessage } from './verify.ts'

/** A response with what it says of its signatures, and the request that was sent. Nothing is proved yet. */
export interface SignedResponse extends TaggedSignatures {
  readonly response: HttpResponse
  readonly linked: LinkedRequest
  /** Empty where there is none. */
  readonly body: Uint8Array
  readonly now: Seconds
}

export interface ReadableSignedResponse extends SignedResponse {
  readonly signatures: readonly [MessageSignature]
}

const invalid = (description: string): Refusal => refusal('invalid_signature', description)

const uncovered = (wanted: readonly Component[], subject: SignedResponse): readonly string[] =>
  wanted.filter((each) => !isCovered(each, subject)).map(identityOf)

/** The whole field of the request covers each of its members. */
const isLinked = (member: Component, subject: SignedResponse): boolean =>
  isCovered(member, subject) || isCovered(component(member.name, { req: true }), subject)

const hasDigest = ({ response }: SignedResponse): boolean =>
  fieldsOf(response.headers, 'content-digest').length > 0

const own = (subject: SignedResponse): readonly Component[] => [
  component('@status'),
  ...(subject.body.length > 0 || hasDigest(subject) ? [component('content-digest')] : []),
]

/** What the signature of an API must say. Read beside FAPI 2.0 HTTP Signatures §5.3.2. */
export const responseSignatureRules: Rules<SignedResponse, ReadableSignedResponse> = [
  {
    id: 'HS-CL-05',
    reason: 'response_signature_unreadable',
    says: 'takes responses with the one signature that is tagged as one of a FAPI response only',
    holds: ({ problem, signatures }) => problem === undefined && signatures.length === 1,
    otherwise: invalid('the response must have exactly one signature with tag fapi-2-response'),
    expected: ({ tag }) => `one signature with tag ${shown(tag)}, as RFC 9421 describes it`,
    received: ({ problem, signatures }) => problem ?? `${signatures.length} with that tag`,
    remedy: 'Have the API sign its responses, or do not ask it to.',
  },
  {
    id: 'HS-RS-10',
    reason: 'response_signature_coverage',
    says: 'covers the status, and the digest of a body, where it signs a response',
    holds: (subject) => uncovered(own(subject), subject).length === 0,
    otherwise: invalid('the signature of the response must cover @status and content-digest'),
    expected: (subject) => own(subject).map(identityOf).join(', '),
    received: (subject) => `a signature without ${uncovered(own(subject), subject).join(', ')}`,
    remedy: 'Have the API cover what FAPI 2.0 HTTP Signatures asks for.',
  },
  {
    id: 'HS-RS-08',
    reason: 'response_signature_request',
    says: 'ties a response it signs to the request',
    holds: (subject) => uncovered(subject.linked.request, subject).length === 0,
    otherwise: invalid('the signature of the response must cover the request'),
    expected: ({ linked }) => linked.request.map(identityOf).join(', '),
    received: (subject) =>
      `a signature without ${uncovered(subject.linked.request, subject).join(', ')}`,
    remedy: 'Have the API cover these components of the request, with the parameter req.',
  },
  {
    id: 'HS-RS-09',
    reason: 'response_signature_request_signature',
    says: 'ties a response it signs to the signature of the request',
    holds: (subject) => subject.linked.signature.every((each) => isLinked(each, subject)),
    otherwise: invalid('the signature of the response must cover that of the request'),
    expected: ({ linked }) => linked.signature.map(identityOf).join(', '),
    received: (subject) =>
      `a signature without ${uncovered(subject.linked.signature, subject).join(', ')}`,
    remedy: 'Have the API cover signature and signature-input of the request, with req and key.',
  },
]

/** A signature against the clock. */
export interface TimedSignature {
  readonly signature: MessageSignature
  readonly now: Seconds
}

/** Read beside FAPI 2.0 HTTP Signatures §5.3.2.2-3. */
export const responseAgeRules: Rules<TimedSignature, TimedSignature> = [
  {
    id: 'HS-CL-05',
    reason: 'response_signature_created',
    says: 'takes responses that were signed just now',
    holds: ({ signature, now }) => isFresh(signature, now),
    otherwise: invalid('created of the signature is not close enough to the time of the client'),
    expected: ({ now }) => freshTimes(now),
    received: ({ signature, now }) => toldTimes(signature, now),
    remedy: 'Set both clocks by NTP, and do not cache signed responses.',
  },
]

/** A signature against the response, and against the keys of the API. */
export interface KeyedResponse {
  readonly signature: MessageSignature
  readonly response: HttpResponse
  readonly keys: readonly VerificationKey[]
}

/** Who signed. Read beside FAPI 2.0 HTTP Signatures §5.3.2.2-1, -2. */
export const responseSignatureKeyRules: Rules<KeyedResponse, KeyedResponse> = [
  {
    id: 'HS-CL-05',
    reason: 'response_signature_invalid',
    says: 'takes responses whose signature verifies with a key of the API',
    holds: ({ signature, response, keys }) => verifyMessage(signature, response, keys),
    otherwise: invalid('the signature of the response does not verify'),
    expected: ({ keys }) => `a signature by one of the ${keys.length} keys of the API`,
    received: ({ signature: { input, keyid, alg }, response }) => {
      const made = signatureBaseOrProblem(input, response)
      const what = 'problem' in made ? made.problem : 'a signature over something else'
      return `keyid ${shown(keyid)}, alg ${shown(alg)}: ${what}`
    },
    remedy: 'Compare the keys of the API with those configured; look for a proxy that alters it.',
  },
]

/** Read beside FAPI 2.0 HTTP Signatures §5.3.2.2-4. */
export const responseContentRules: Rules<SignedResponse, SignedResponse> = [
  {
    id: 'HS-CL-05',
    reason: 'response_content_digest',
    says: 'takes the body of a signed response only if its digest fits',
    holds: (subject) =>
      (subject.body.length === 0 && !hasDigest(subject)) ||
      matchesDigest(fieldsOf(subject.response.headers, 'content-digest'), subject.body),
    otherwise: invalid('Content-Digest of the response is not one of its body'),
    expected: ({ body }) => `Content-Digest of the ${body.length} bytes that came`,
    received: () => 'a digest of something else, or none we know',
    remedy: 'Look for a proxy that changes bodies, by compressing them for instance.',
  },
]
