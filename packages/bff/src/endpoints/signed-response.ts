import { decodeJwt, MalformedJwt } from '@signet/protocol'

/**
 * The `state` in a signed authorization response, to find the login it belongs to. Nothing is believed yet: the response is
 * verified with the code.
 *
 * @see JWT Secured Authorization Response Mode §2.4
 */
export function stateOf(response: string): string | undefined {
  try {
    const state = decodeJwt(response).claims['state']
    return typeof state === 'string' ? state : undefined
  } catch (error) {
    if (error instanceof MalformedJwt) return undefined
    throw error
  }
}
