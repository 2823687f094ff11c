import {
  decodeJwt,
  isSignedByOneOf,
  MalformedJwt,
  parseJsonObject,
  Undecryptable,
  type DecodedJwt,
} from '@signet/protocol'
import { Buffer } from 'node:buffer'
import type { Decryption } from './decryption.ts'
import { AuthorityFailure } from './failure.ts'
import type { IssuerKeys } from './issuer-keys.ts'

export interface AnswerContext {
  readonly decryption: Decryption
  readonly keys: Pick<IssuerKeys, 'find'>
}

/**
 * Reads what the authorization server answers before `openid-client` does: opens what is encrypted for this client, and takes
 * an ID token or UserInfo answer only with its signature. `openid-client` could do both, but would take compressed content too,
 * and would leave the ID token closed for whoever needs it later: it is a hint for the server, which could not read it. And it
 * keeps keys for a minute whatever comes: a code or a refresh token would be spent for a token by a key that is newer.
 *
 * @throws AuthorityFailure
 * @see FAPI 2.0 Message Signing §5.6.2-1, OpenID Connect Core 1.0 §5.3.2, OpenID Connect RP-Initiated Logout 1.0 §4
 */
export async function readAnswer(answer: Response, context: AnswerContext): Promise<Response> {
  if (!answer.ok || answer.body === null) return answer
  const { status, headers } = answer
  const type = headers.get('content-type') ?? ''
  return new Response(await provedText(await answer.text(), type, context), { status, headers })
}

async function provedText(text: string, type: string, context: AnswerContext): Promise<string> {
  if (/^application\/jwt\b/i.test(type)) return proved(text, context)
  const body = parseJsonObject(Buffer.from(text))
  // `openid-client` reads JSON of every type, and what two readers could understand in two ways might hide an ID token from us.
  if (typeof body === 'string') {
    if (/^application\/json\b/i.test(type))
      throw new AuthorityFailure('invalid', `the answer is ${body}`)
    return ''
  }
  const { id_token: idToken } = body
  if (typeof idToken !== 'string') return text
  return JSON.stringify({ ...body, id_token: await proved(idToken, context) })
}

/** A JWT that the server signed, taken out of an encrypted one if it is in one. */
async function proved(token: string, { decryption, keys }: AnswerContext): Promise<string> {
  try {
    const signed = await decryption.open(token)
    if (await isSigned(decodeJwt(signed), keys)) return signed
  } catch (error) {
    throw asFailure(error)
  }
  throw new AuthorityFailure('invalid', 'the answer is not signed by the server')
}

async function isSigned(jwt: DecodedJwt, keys: AnswerContext['keys']): Promise<boolean> {
  const known = await keys.find(jwt.header.kid, 0)
  return isSignedByOneOf(known, jwt)
}

function asFailure(error: unknown): unknown {
  if (error instanceof Undecryptable) {
    return new AuthorityFailure('invalid', `the answer cannot be decrypted: ${error.reason}`)
  }
  if (error instanceof MalformedJwt) {
    return new AuthorityFailure('invalid', 'the answer is no signed JWT')
  }
  return error
}
