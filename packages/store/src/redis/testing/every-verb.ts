import type { Mark } from '@signet/engine'
import {
  sampleCode,
  sampleInteraction,
  samplePushedRequest,
  SAMPLE_NOW,
} from '@signet/engine/testing'
import { randomUUID } from 'node:crypto'
import type { EphemeralStore } from '../ephemeral.ts'

/** Each verb of the ephemeral part, by its name, so called that Redis cannot answer it without being there. */
export function everyVerb(store: EphemeralStore): Readonly<Record<string, () => Promise<unknown>>> {
  const { pushedRequests, interactions, codes, replay, attempts } = store
  const code = sampleCode()
  const fresh = (): Mark => ({ digest: randomUUID(), until: SAMPLE_NOW + 60 })
  return {
    'pushedRequests.put': () => pushedRequests.put(samplePushedRequest()),
    'interactions.put': () => interactions.put(sampleInteraction()),
    'codes.put': () => codes.put(code),
    'replay.first': () => replay.first([fresh()]),
    'attempts.take': () => attempts.take('alice', { burst: 9, refill: 1 }, SAMPLE_NOW),
    'pushedRequests.claim': () => pushedRequests.claim(samplePushedRequest().digest),
    'codes.redeem': () => codes.redeem(code.digest),
    'interactions.delete': () => interactions.delete(sampleInteraction().digest),
    'attempts.clear': () => attempts.clear('alice'),
    'pushedRequests.peek': () => pushedRequests.peek(samplePushedRequest().digest),
    'interactions.get': () => interactions.get(sampleInteraction().digest),
    'codes.peek': () => codes.peek(code.digest),
    'codes.ofSubject': () => codes.ofSubject(code.authorization.subject),
  }
}
