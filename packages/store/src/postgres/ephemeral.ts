import type {
  AuthorizationCode,
  Codes,
  Interaction,
  Interactions,
  PushedRequest,
  PushedRequests,
} from '@signet/engine'
import { Documents } from './documents.ts'
import { EndingRows } from './ending-rows.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Statement } from './statement.ts'

export function pushedRequestsOf(ask: Ask): PushedRequests {
  const rows = new EndingRows<PushedRequest>(ask, 'pushed_requests')
  return {
    put: (request) => rows.put(request.digest, request, request.keptUntil),
    peek: (digest) => rows.get(digest),
    claim: (digest) => rows.delete(digest),
  }
}

export function interactionsOf(ask: Ask): Interactions {
  const rows = new EndingRows<Interaction>(ask, 'interactions')
  return {
    put: (interaction) => rows.put(interaction.digest, interaction, interaction.expiresAt),
    get: (digest) => rows.get(digest),
    delete: async (digest) => void (await rows.delete(digest)),
  }
}

const CODES = {
  // Leaves `redeemed` alone: a code that was used stays so.
  put: {
    name: 'codes.put',
    text: `
      INSERT INTO signet.codes (service, key, ends, subject, data) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (service, key) DO UPDATE
      SET ends = excluded.ends, subject = excluded.subject, data = excluded.data`,
  },
  peek: {
    name: 'codes.peek',
    text: 'SELECT data FROM signet.codes WHERE service = $1 AND key = $2',
  },
  ofSubject: {
    name: 'codes.ofSubject',
    text: 'SELECT data FROM signet.codes WHERE service = $1 AND subject = $2 ORDER BY ends',
    slow: true,
  },
  redeem: {
    name: 'codes.redeem',
    text: `
      UPDATE signet.codes SET redeemed = true WHERE service = $1 AND key = $2 AND NOT redeemed`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function codesOf(ask: Ask): Codes {
  const documents = new Documents<AuthorizationCode>()
  return {
    put: async (code) => {
      const { digest, keptUntil, authorization } = code
      const subject = keyOf(authorization.subject)
      await ask(CODES.put, keyOf(digest), keptUntil, subject, JSON.stringify(code))
    },
    peek: async (digest) => documents.one(await ask(CODES.peek, keyOf(digest))),
    ofSubject: async (subject) => documents.all(await ask(CODES.ofSubject, keyOf(subject))),
    redeem: async (digest) => (await ask(CODES.redeem, keyOf(digest))).count === 1,
  }
}
