import { takeAttempt } from '../../attempts.ts'
import type { Clock } from '../../ports.ts'
import type {
  Attempts,
  AuthorizationCode,
  Codes,
  Interaction,
  Interactions,
  Mark,
  PushedRequest,
  PushedRequests,
  Replay,
} from '../../store/ephemeral.ts'
import type { Seconds } from '../../store/values.ts'
import { ExpiringMap } from './expiring-map.ts'

export function pushedRequestsIn(clock: Clock): PushedRequests {
  const rows = new ExpiringMap<PushedRequest>(clock, (request) => request.keptUntil)
  return {
    put: async (request) => rows.set(request.digest, request),
    peek: async (digest) => rows.get(digest),
    claim: async (digest) => rows.delete(digest),
  }
}

export function interactionsIn(clock: Clock): Interactions {
  const rows = new ExpiringMap<Interaction>(clock, (interaction) => interaction.expiresAt)
  return {
    put: async (interaction) => rows.set(interaction.digest, interaction),
    get: async (digest) => rows.get(digest),
    delete: async (digest) => void rows.delete(digest),
  }
}

export function codesIn(clock: Clock): Codes {
  const rows = new ExpiringMap<{ readonly code: AuthorizationCode; readonly redeemed: boolean }>(
    clock,
    ({ code }) => code.keptUntil,
  )
  return {
    put: async (code) =>
      rows.set(code.digest, { code, redeemed: rows.get(code.digest)?.redeemed ?? false }),
    peek: async (digest) => rows.get(digest)?.code,
    ofSubject: async (subject) =>
      rows.all().flatMap(({ code }) => (code.authorization.subject === subject ? [code] : [])),
    redeem: async (digest) => {
      const row = rows.get(digest)
      if (row === undefined || row.redeemed) return false
      rows.set(digest, { code: row.code, redeemed: true })
      return true
    },
  }
}

export function replayIn(clock: Clock): Replay {
  // A mark is believed through its last second.
  const rows = new ExpiringMap<Seconds>(clock, (until) => until + 1)
  return {
    first: async (marks) => {
      const seen = marks.find(
        ({ digest }, index) => rows.living(digest) !== undefined || occursBefore(marks, index),
      )
      if (seen !== undefined) return seen
      for (const { digest, until } of marks) rows.set(digest, until)
      return undefined
    },
  }
}

function occursBefore(marks: readonly Mark[], index: number): boolean {
  return marks.findIndex(({ digest }) => digest === marks[index]?.digest) < index
}

export function attemptsIn(clock: Clock): Attempts {
  const rows = new ExpiringMap<Seconds>(clock, (fullAt) => fullAt)
  return {
    take: async (key, policy, now) => {
      const { wait, fullAt } = takeAttempt(rows.get(key) ?? 0, policy, now)
      if (wait === 0) rows.set(key, fullAt)
      return wait
    },
    clear: async (key) => void rows.delete(key),
  }
}
