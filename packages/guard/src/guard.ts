import { enforce, fieldsOf, presentationRules, Refused } from '@signet/protocol'
import { prove, type Seen } from './check.ts'
import { compose, type Surroundings } from './compose.ts'
import { metadataOf, type ProtectedResourceMetadata } from './metadata.ts'
import type { GuardOptions } from './options.ts'
import { checkOptions } from './options.rules.ts'
import type { AnswerHeaders, Challenge, Granted } from './outcome.ts'
import { challenge, eventOf, type About } from './refuse.ts'
import { presentationOf, type GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { createSigning, type Signing } from './signing.ts'
import { tell } from './tell.ts'
import type { World } from './world.ts'

/** Stands before an API, and lets nobody through without a good token and the key it is bound to. */
export interface Guard extends Signing {
  /** Never rejects because of a request, or because another server is down. */
  check(request: GuardRequest, requirements?: Requirements): Promise<Granted | Challenge>
  /**
   * A second look at a request that was granted, once its form body was parsed: a token must not be there.
   *
   * @returns undefined where nothing is wrong.
   */
  checkForm(request: GuardRequest, formParameters: readonly string[]): Challenge | undefined
  /** What the API says about itself, to be served at `metadataPath`. @see RFC 9728 */
  metadata(): ProtectedResourceMetadata
  /** The path of the metadata document, below the origin of the resource. */
  readonly metadataPath: string
  /** Fetches metadata and keys, so that the first request does not wait. Rejects when that fails. */
  ready(): Promise<void>
  /** Ends idle connections to other servers. */
  close(): void
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** What was read of such a body is gone: in no mode may a handler take what is left for all of it. */
const LOST: readonly string[] = ['signed_body_too_large', 'signed_body_incomplete']
const NO_REQUIREMENTS: Requirements = {}
const NO_HEADERS: AnswerHeaders = {}

/** @throws InvalidGuardOptions */
export function createGuardIn(options: GuardOptions, surroundings: Surroundings): Guard {
  checkOptions(options)
  const { world } = surroundings
  const { mode = 'enforce' } = options
  const { ports, issuers, nonces } = compose(options, surroundings)
  const { policy } = ports

  const headersFor = (interactionId: string): AnswerHeaders =>
    nonces === undefined
      ? { 'x-fapi-interaction-id': interactionId }
      : { 'x-fapi-interaction-id': interactionId, 'dpop-nonce': nonces.current(world.now()) }

  const refuse = (error: unknown, about: About): Granted | Challenge => {
    if (!(error instanceof Refused)) throw error
    const event = eventOf(error, about, { at: world.now(), mode })
    tell(() => options.onRefusal?.(event))
    const headers = headersFor(about.interactionId)
    if (mode === 'enforce' || LOST.includes(event.reason))
      return challenge(error, { about, event, policy, headers })
    return {
      action: 'granted',
      token: about.seen.token,
      headers: mode === 'warn' ? { ...headers, 'guard-warning': event.reason } : NO_HEADERS,
      refused: event,
    }
  }
  const metadata = metadataOf(options)
  return {
    async check(request, requirements = NO_REQUIREMENTS) {
      const interactionId = interactionIdOf(request, world)
      const seen: Seen = { scheme: undefined, token: undefined }
      try {
        const token = await prove(request, { requirements, seen }, ports)
        const headers = mode === 'observe' ? NO_HEADERS : headersFor(interactionId)
        return { action: 'granted', token, headers }
      } catch (error) {
        return refuse(error, { request, requirements, seen, interactionId })
      }
    },
    checkForm(request, formParameters) {
      try {
        enforce(presentationRules, presentationOf({ ...request, formParameters }))
        return undefined
      } catch (error) {
        const interactionId = interactionIdOf(request, world)
        const seen: Seen = { scheme: undefined, token: undefined }
        const about = { request, requirements: NO_REQUIREMENTS, seen, interactionId }
        const outcome = refuse(error, about)
        return outcome.action === 'refused' ? outcome : undefined
      }
    },
    ...createSigning(options, ports),
    metadata: () => metadata,
    metadataPath: new URL(policy.resourceMetadata).pathname,
    ready: async () => {
      await Promise.all(issuers.map((issuer) => issuer.load()))
    },
    close: () => world.close(),
  }
}

/** The id of the client if it is one, so that nothing else gets into logs and answers. */
function interactionIdOf({ headers }: GuardRequest, world: World): string {
  const [id, ...more] = fieldsOf(headers, 'x-fapi-interaction-id')
  return id !== undefined && more.length === 0 && UUID.test(id) ? id : world.uuid()
}
