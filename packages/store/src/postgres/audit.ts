import type { Audit, AuditEvent } from '@signet/engine'
import { Documents } from './documents.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Statement } from './statement.ts'

const AUDIT = {
  record: {
    name: 'audit.record',
    text: `
      INSERT INTO signet.audit (service, key, ends, data) VALUES ($1, $2, $3, $4)
      ON CONFLICT (service, key) DO NOTHING`,
  },
  recordUnauthenticated: {
    name: 'audit.recordUnauthenticated',
    text: `
      INSERT INTO signet.unauthenticated_audit (service, key, ends, data) VALUES ($1, $2, $3, $4)
      ON CONFLICT (service, key) DO NOTHING`,
  },
  // An event that anybody can cause never stands before another.
  find: {
    name: 'audit.find',
    text: `
      SELECT data FROM (
        SELECT 1 AS rank, data FROM signet.audit WHERE service = $1 AND key = $2
        UNION ALL
        SELECT 2, data FROM signet.unauthenticated_audit WHERE service = $1 AND key = $2
      ) AS event ORDER BY rank LIMIT 1`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function auditOf(ask: Ask): Audit {
  const documents = new Documents<AuditEvent>()
  return {
    record: async (event) => {
      const { record, recordUnauthenticated } = AUDIT
      const statement = event.unauthenticated === true ? recordUnauthenticated : record
      await ask(statement, keyOf(event.id), event.at / 1_000, JSON.stringify(event))
    },
    find: async (id) => documents.one(await ask(AUDIT.find, keyOf(id))),
  }
}
