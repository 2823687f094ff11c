import {
  decodeOrRefuse,
  decryptJwt,
  enforce,
  Refused,
  refusal,
  signedIntrospectionRules,
  Undecryptable,
  type DecryptionKey,
  type JsonObject,
  type Seconds,
  type UnreadableJwt,
} from '@signet/protocol'
import { SIGNED_ANSWER } from './introspection-call.ts'
import { isSignedBy } from './issuer-signature.ts'
import type { Issuer } from './issuer.ts'
import { parsedJson } from './parsed-json.ts'
import type { HttpAnswer } from './world.ts'

/** What an answer has to be, for this API to believe it. */
export interface AgreedAnswer {
  readonly clientId: string
  readonly issuer: Issuer
  readonly now: Seconds
  readonly isSigned: boolean
  /** Undefined where answers are not encrypted. */
  readonly decryptionKeys: readonly DecryptionKey[] | undefined
}

const unavailable = refusal('temporarily_unavailable', 'access tokens cannot be verified now')

const unreadable: UnreadableJwt = {
  id: 'MS-INT-03',
  reason: 'introspection_malformed',
  otherwise: unavailable,
  remedy: 'Have the issuer sign introspection responses as RFC 9701 says.',
}

/**
 * Reads what an issuer tells of a token. An answer that is less than was agreed is none: plain JSON is no substitute for a
 * signed one, nor that for one that is encrypted as well.
 *
 * @throws Refused with `temporarily_unavailable`, or Error with what is wrong.
 * @see RFC 7662 §2.2, RFC 9701 §5
 */
export async function readIntrospection(
  { status, mediaType, body }: HttpAnswer,
  agreed: AgreedAnswer,
): Promise<JsonObject> {
  const wanted = agreed.isSigned ? SIGNED_ANSWER : 'application/json'
  if (status !== 200 || mediaType !== wanted) {
    throw new Error(`status ${status} with ${mediaType || 'no type'} instead of ${wanted}`)
  }
  if (agreed.isSigned) return await readSigned(await opened(body.toString('utf8'), agreed), agreed)
  const response = parsedJson(body)
  if (response === undefined) throw new Error('the response is no JSON object')
  return response
}

async function readSigned(
  token: string,
  { clientId, issuer, now }: AgreedAnswer,
): Promise<JsonObject> {
  const jwt = decodeOrRefuse(token, { ...unreadable, maxLength: token.length })
  const { header, claims } = jwt
  const subject = { header, claims, issuer: issuer.identifier, clientId, now }
  const { token_introspection: response } = enforce(signedIntrospectionRules, subject).claims
  if (!(await isSignedBy(issuer, jwt))) throw new Error('the response is not signed by the issuer')
  return response
}

/** The signed JWT out of an encrypted one, where that was agreed. */
async function opened(text: string, { decryptionKeys }: AgreedAnswer): Promise<string> {
  if (decryptionKeys === undefined) return text
  try {
    return await decryptJwt(text, decryptionKeys)
  } catch (error) {
    throw error instanceof Undecryptable ? undecryptable(error) : error
  }
}

function undecryptable(cause: Undecryptable): Refused {
  return new Refused(
    unavailable,
    {
      id: 'INT-08',
      reason: 'introspection_undecryptable',
      expected: 'a signed introspection response, encrypted to a key of this API',
      received: cause.reason,
      remedy:
        'Register the public halves of decryptionKeys at the issuer, and introspection_encrypted_response_alg.',
    },
    cause,
  )
}
