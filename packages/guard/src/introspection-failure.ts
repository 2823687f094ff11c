import { Refused, refusal, shown } from '@signet/protocol'
import { parsedJson } from './parsed-json.ts'
import type { HttpAnswer } from './world.ts'

const unavailable = refusal('temporarily_unavailable', 'access tokens cannot be verified now')

/** Of these an issuer says that something is wrong with who asks, or how. */
const OUR_FAULT: readonly number[] = [400, 401, 403]

export interface Failure {
  readonly url: string
  /** Whether the token was verified before: then it is good, and its kind no fault of the client. */
  readonly isVerified: boolean
}

/**
 * Tells apart why an issuer answers with an error. Of a token that is not good it says `active: false`; an error is about
 * this API, so that no client is to hear that its token is bad. Some issuers tell nothing of JWTs, and say so by an error of
 * their own: that one is about the token, unless we know that the token is good.
 *
 * @throws Refused
 * @see RFC 7662 §2.2 and §2.3, RFC 7009 §2.2.1
 */
export function refuseErrors(answer: HttpAnswer, { url, isVerified }: Failure): void {
  const { status } = answer
  if (!OUR_FAULT.includes(status)) return
  const error = parsedJson(answer.body)?.['error']
  const received = `status ${status}, error ${shown(error)}, from ${url}`
  const isOfToken = status === 400 && error === 'unsupported_token_type' && !isVerified
  throw isOfToken ? unsupported(received) : refused(received)
}

function unsupported(received: string): Refused {
  return new Refused(refusal('invalid_token', 'the access token is of another kind'), {
    id: 'SP-RS-03',
    reason: 'introspection_unsupported_token',
    expected: 'a token that its issuer tells about',
    received,
    remedy:
      'Send the access token that was issued for this API. If that is a JWT, set tokens of the guard to jwt.',
  })
}

function refused(received: string): Refused {
  return new Refused(unavailable, {
    id: 'SP-RS-03',
    reason: 'introspection_refused',
    expected: 'an issuer that tells this API about tokens',
    received,
    remedy:
      'Register clientId with the key or the certificate of this API at the issuer, let it introspect tokens, and compare the clocks.',
  })
}

/** There is no answer, or none that can be used. */
export function noAnswer(url: string, cause: unknown): Refused {
  return new Refused(
    unavailable,
    {
      id: 'SP-RS-03',
      reason: 'introspection_unavailable',
      expected: `an introspection response from ${url}`,
      received: cause instanceof Error ? cause.message : 'no answer',
      remedy: 'See that the issuer is up, that this API reaches it, and what it answers.',
    },
    cause,
  )
}
