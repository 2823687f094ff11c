import {
  canonicalJson,
  CHAIN_BEGINS,
  streamOf,
  type Audit,
  type AuditEvent,
  type AuditLink,
} from '@signet/engine'
import { AuditQueue } from './audit-queue.ts'
import { Documents } from './documents.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Row, Statement } from './statement.ts'

const AUDIT = {
  record: {
    name: 'audit.record',
    text: 'SELECT signet.record_events($1, $2, $3, $4, $5)',
    slow: true,
  },
  find: {
    name: 'audit.find',
    text: 'SELECT data FROM signet.audit_records WHERE service = $1 AND key = $2',
  },
  chain: {
    name: 'audit.chain',
    text: `
      SELECT sequence, hash, removed, removed_hash FROM signet.audit_chains
      WHERE service = $1 AND stream = $2`,
  },
  read: {
    name: 'audit.read',
    text: `
      SELECT sequence, hash, data FROM signet.audit_records
      WHERE service = $1 AND stream = $2 AND sequence > $3 ORDER BY sequence LIMIT $4`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function auditOf(ask: Ask): Audit {
  const documents = new Documents<AuditEvent>()
  const queue = new AuditQueue(async (stream, events) => {
    const keys = events.map(({ id }) => keyOf(id))
    const times = events.map(({ at }) => at)
    await ask(AUDIT.record, stream, keys, times, events.map(canonicalJson))
  })
  return {
    record: (event) => queue.add(streamOf(event), event),
    find: async (id) => documents.one(await ask(AUDIT.find, keyOf(id))),
    chain: async (stream) => {
      const [row] = (await ask(AUDIT.chain, stream)).rows
      if (row === undefined) return { anchor: CHAIN_BEGINS, head: CHAIN_BEGINS }
      const { removed, removed_hash: hash } = row
      return { anchor: linkOf({ sequence: removed, hash }), head: linkOf(row) }
    },
    read: async ({ stream, after, limit }) => {
      const { rows } = await ask(AUDIT.read, stream, after, limit)
      return rows.map((row) => ({ ...linkOf(row), text: String(row['data']) }))
    },
  }
}

function linkOf({ sequence, hash }: Row): AuditLink {
  return { sequence: Number(sequence), hash: String(hash) }
}
