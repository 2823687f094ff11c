import type { CheckPorts } from './check.ts'
import type { GuardOptions } from './options.ts'
import { checkRequirements } from './options.rules.ts'
import type { AnswerHeaders } from './outcome.ts'
import type { GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { signatureOf, type Answer } from './signed-response.ts'

/** What adapters need for routes with signed requests and answers. */
export interface Signing {
  /** @throws InvalidGuardOptions for a route that asks for what the options of this guard cannot do. */
  checkRequirements(requirements: Requirements | undefined): void
  /**
   * What is to be set on an answer, be it a refusal, when nothing of it changes any more.
   *
   * @throws TypeError without option `responseKey`.
   */
  sign(request: GuardRequest, answer: Answer): AnswerHeaders
  /** How large the body of a signed request may be, in bytes. */
  readonly largestBody: number
}

const LARGEST_BODY = 1_048_576

export function createSigning(options: GuardOptions, ports: CheckPorts): Signing {
  const { responseKey: key, mode, largestBody = LARGEST_BODY } = options
  return {
    checkRequirements: (requirements = {}) => checkRequirements(requirements, options),
    sign: (request, answer) => {
      if (key === undefined) throw new TypeError('signedResponse needs responseKey')
      return mode === 'observe' ? {} : signatureOf(request, answer, { ...ports, key })
    },
    largestBody,
  }
}
