import { Refused, type Refusal } from '../rules/refusal.ts'
import type { RequirementId } from '../rules/rule.ts'
import { decodeJwt, MalformedJwt, type DecodedJwt } from './decode.ts'

/** What is told of a JWT that cannot be read: what a rule would say, if there were something to judge. */
export interface UnreadableJwt {
  readonly id: RequirementId
  readonly reason: string
  readonly otherwise: Refusal
  readonly remedy: string
  /** In characters. */
  readonly maxLength?: number
}

/**
 * Takes a JWT apart where one is due.
 *
 * @throws Refused, with the reason of `MalformedJwt` as what was received.
 */
export function decodeOrRefuse(token: string, unreadable: UnreadableJwt): DecodedJwt {
  try {
    return decodeJwt(token, unreadable.maxLength)
  } catch (error) {
    if (!(error instanceof MalformedJwt)) throw error
    const { id, reason, otherwise, remedy } = unreadable
    const expected = 'one compact JWS with a JSON object as header and as payload'
    throw new Refused(otherwise, { id, reason, expected, received: error.message, remedy }, error)
  }
}
