import type {
  Grant,
  Grants,
  OpaqueToken,
  OpaqueTokens,
  Revocations,
  StatusPosition,
} from '@signet/engine'
import { Documents } from './documents.ts'
import { EndingRows } from './ending-rows.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Row, Statement } from './statement.ts'

const GRANTS = {
  put: {
    name: 'grants.put',
    text: `
      INSERT INTO signet.grants (service, key, ends, subject, status, data)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (service, key) DO UPDATE SET
        ends = excluded.ends, subject = excluded.subject, status = excluded.status, data = excluded.data`,
  },
  get: {
    name: 'grants.get',
    text: 'SELECT data, status FROM signet.grants WHERE service = $1 AND key = $2',
  },
  ofSubject: {
    name: 'grants.ofSubject',
    text: `
      SELECT data, status FROM signet.grants WHERE service = $1 AND subject = $2 ORDER BY ends`,
    slow: true,
  },
  list: {
    name: 'grants.list',
    text: `
      SELECT data, status FROM signet.grants WHERE service = $1 AND key > $2 ORDER BY key LIMIT $3`,
    slow: true,
  },
  // Changes the row in any case, so that what it answers is what the row has, and not what it had before somebody else came.
  replaceStatus: {
    name: 'grants.replaceStatus',
    text: `
      UPDATE signet.grants
      SET status = CASE WHEN status IS NOT DISTINCT FROM $3 THEN $4::bigint ELSE status END
      WHERE service = $1 AND key = $2 RETURNING status`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function grantsOf(ask: Ask): Grants {
  return {
    put: async ({ status = null, ...grant }) => {
      const subject = keyOf(grant.authorization.subject)
      const data = JSON.stringify(grant)
      await ask(GRANTS.put, keyOf(grant.id), grant.expiresAt, subject, status, data)
    },
    get: async (id) => {
      const { rows } = await ask(GRANTS.get, keyOf(id))
      return rows[0] && grantOf(rows[0])
    },
    ofSubject: async (subject) => (await ask(GRANTS.ofSubject, keyOf(subject))).rows.map(grantOf),
    list: async ({ after, limit }) =>
      (await ask(GRANTS.list, keyOf(after), limit)).rows.map(grantOf),
    replaceStatus: async (id, { from = null, to }) => {
      const { rows } = await ask(GRANTS.replaceStatus, keyOf(id), from, to)
      return rows[0] && statusOf(rows[0])
    },
  }
}

const DOCUMENTS = new Documents<Grant>()

function grantOf(row: Row): Grant {
  const grant = DOCUMENTS.of(row)
  const status = statusOf(row)
  return status === undefined ? grant : { ...grant, status }
}

function statusOf({ status }: Row): StatusPosition | undefined {
  return status === null ? undefined : Number(status)
}

export function opaqueTokensOf(ask: Ask): OpaqueTokens {
  const rows = new EndingRows<OpaqueToken>(ask, 'opaque_tokens')
  return {
    put: (token) => rows.put(token.digest, token, token.expiresAt),
    get: (digest) => rows.get(digest),
  }
}

const REVOCATIONS = {
  add: {
    name: 'revocations.add',
    text: `
      INSERT INTO signet.revocations AS row (service, key, ends) VALUES ($1, $2, $3)
      ON CONFLICT (service, key) DO UPDATE SET ends = excluded.ends WHERE row.ends < excluded.ends`,
  },
  anyOf: {
    name: 'revocations.anyOf',
    text: 'SELECT FROM signet.revocations WHERE service = $1 AND key = ANY ($2) LIMIT 1',
  },
  list: {
    name: 'revocations.list',
    text: `
      SELECT key, ends FROM signet.revocations WHERE service = $1 AND key > $2
      ORDER BY key LIMIT $3`,
    slow: true,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function revocationsOf(ask: Ask): Revocations {
  return {
    add: async (id, until) => void (await ask(REVOCATIONS.add, keyOf(id), until)),
    anyOf: async (ids) =>
      ids.length > 0 && (await ask(REVOCATIONS.anyOf, ids.map(keyOf))).count > 0,
    // The ids are our own, random, and short enough to be kept as they are.
    list: async ({ after, limit }) => {
      const { rows } = await ask(REVOCATIONS.list, keyOf(after), limit)
      return rows.map(({ key, ends }) => ({ id: String(key), until: Number(ends) }))
    },
  }
}
