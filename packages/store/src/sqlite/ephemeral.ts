import {
  takeAttempt,
  type Attempts,
  type Codes,
  type Interactions,
  type PushedRequests,
  type Replay,
} from '@signet/engine'
import type { Connection } from './connection.ts'
import type { Tables } from './tables.ts'

export function pushedRequestsOf(tables: Tables, service: number): PushedRequests {
  const rows = tables.pushedRequests
  return {
    put: async (request) =>
      rows.put(service, request.digest, { value: request, ends: request.keptUntil }),
    peek: async (digest) => rows.get(service, digest),
    claim: async (digest) => rows.delete(service, digest),
  }
}

export function interactionsOf(tables: Tables, service: number): Interactions {
  const rows = tables.interactions
  return {
    put: async (interaction) =>
      rows.put(service, interaction.digest, { value: interaction, ends: interaction.expiresAt }),
    get: async (digest) => rows.get(service, digest),
    delete: async (digest) => void rows.delete(service, digest),
  }
}

export function codesOf(tables: Tables, service: number): Codes {
  const rows = tables.codes
  return {
    put: async (code) => rows.put(service, code.digest, { value: code, ends: code.keptUntil }),
    peek: async (digest) => rows.get(service, digest),
    ofSubject: async (subject) => rows.ofSubject(service, subject),
    redeem: async (digest) => rows.redeem(service, digest),
  }
}

export function replayOf(tables: Tables, service: number): Replay {
  return { first: async (marks) => tables.replay.first(service, marks) }
}

export function attemptsOf(tables: Tables, service: number, connection: Connection): Attempts {
  const rows = tables.attempts
  return {
    take: async (key, policy, now) => {
      // What is read must still be true when it is written.
      connection.transactions.begin()
      const { wait, fullAt } = takeAttempt(rows.get(service, key) ?? 0, policy, now)
      if (wait === 0) rows.put(service, key, { value: fullAt, ends: fullAt })
      return wait
    },
    clear: async (key) => void rows.delete(service, key),
  }
}
