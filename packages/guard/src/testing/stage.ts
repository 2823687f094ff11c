import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { inflateSync } from 'node:zlib'
import type { Seconds } from '@signet/protocol'
import { createGuardIn, type Guard } from '../guard.ts'
import { createProxyList } from '../io/proxy-list.ts'
import type { GuardOptions } from '../options.ts'
import type { Challenge, Granted, RefusalEvent } from '../outcome.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import type { HttpAnswer, HttpCall, World } from '../world.ts'
import { createTestIssuer, type TestIssuer } from './test-issuer.ts'

export const ISSUER = 'https://as.example'
export const API = 'https://api.example'

/** What other servers answer; a URL that is not among them cannot be reached. */
export type Answers = Map<string, (call: HttpCall) => Promise<HttpAnswer> | HttpAnswer>

/** A guard in a world whose clock and network a test moves. */
export interface Stage {
  readonly guard: Guard
  readonly issuer: TestIssuer
  readonly clock: { now: Seconds }
  readonly answers: Answers
  readonly calls: HttpCall[]
  readonly events: RefusalEvent[]
  readonly troubles: string[]
  granted(request: GuardRequest, requirements?: Requirements): Promise<Granted>
  refused(request: GuardRequest, requirements?: Requirements): Promise<Challenge>
}

export function createStage(change: Partial<GuardOptions> = {}): Stage {
  const clock = { now: 1_800_000_000 }
  const answers: Answers = new Map()
  const calls: HttpCall[] = []
  const events: RefusalEvent[] = []
  const troubles: string[] = []
  const issuer = createTestIssuer({ issuer: ISSUER, resource: API, now: () => clock.now })
  let count = 0
  const world: World = {
    now: () => clock.now,
    uuid: () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`,
    http: async (call) => {
      calls.push(call)
      const answer = answers.get(call.url)
      if (answer === undefined) throw new Error(`${call.url}: connection refused`)
      return answer(call)
    },
    inflate: (bytes, largest) => inflateSync(bytes, { maxOutputLength: largest }),
    close: () => undefined,
  }
  const guard = createGuardIn(
    {
      issuer: issuer.trusted,
      resource: API,
      onRefusal: (event) => events.push(event),
      onTrouble: ({ what, message }) => troubles.push(`${what}: ${message}`),
      ...change,
    },
    { world, isProxy: createProxyList(change.certificateHeader?.proxies ?? []) },
  )
  return {
    guard,
    issuer,
    clock,
    answers,
    calls,
    events,
    troubles,
    granted: async (request, requirements) => {
      const outcome = await guard.check(request, requirements)
      assert.ok(outcome.action === 'granted', JSON.stringify(outcome))
      return outcome
    },
    refused: async (request, requirements) => {
      const outcome = await guard.check(request, requirements)
      assert.ok(outcome.action === 'refused', 'the request was granted')
      assert.equal(events.at(-1), outcome.event)
      return outcome
    },
  }
}

export function json(value: unknown, status = 200): HttpAnswer {
  return { status, mediaType: 'application/json', body: Buffer.from(JSON.stringify(value)) }
}
