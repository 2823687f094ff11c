import type { IncomingMessage } from 'node:http'
import { challengeError, parseChallenges } from './challenge.ts'

/** Why an API refused a token or a proof. */
export function refusalOf({
  statusCode,
  headers,
}: Pick<IncomingMessage, 'statusCode' | 'headers'>): string | undefined {
  if (statusCode !== 401) return undefined
  return challengeError(parseChallenges(headers['www-authenticate']))
}

/** What to do about an answer of an API. */
export type Move = 'accept' | 'again' | 'renew'

/** What may still be mended by another try at one call: each reason once, so that no API can keep us busy. */
export class Chances {
  #nonce = true
  #renewal = true

  /** @param hasNews whether the answer brought a nonce that was not used; one that was refused is not tried again */
  next(refusal: string | undefined, hasNews: boolean): Move {
    if (refusal === 'use_dpop_nonce' && hasNews && this.#nonce) {
      this.#nonce = false
      return 'again'
    }
    if (refusal === 'invalid_token' && this.#renewal) {
      this.#renewal = false
      return 'renew'
    }
    return 'accept'
  }
}
