import {
  CHAIN_BEGINS,
  recordAfter,
  streamOf,
  type AuditEvent,
  type AuditLink,
} from '@signet/engine'
import type { DatabaseSync } from 'node:sqlite'

/** Gives the events of releases before the chains a place in them, in the order in which they happened, and drops their tables. */
export function chainAudit(database: DatabaseSync): void {
  const heads = new Map<string, AuditLink & { readonly service: number; readonly stream: string }>()
  const insert = database.prepare(`
    INSERT INTO audit_records (service, stream, sequence, key, at, hash, data)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, key) DO NOTHING`)
  for (const table of ['audit', 'unauthenticated_audit']) {
    const rows = database.prepare(`SELECT service, data FROM ${table} ORDER BY id`)
    for (const row of rows.iterate()) {
      const service = Number(row['service'])
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote it had the schema of before, which holds events
      const event = JSON.parse(String(row['data'])) as AuditEvent
      const place = `${streamOf(event)} ${service}`
      const record = recordAfter(heads.get(place) ?? CHAIN_BEGINS, event)
      const { stream, sequence, hash, text } = record
      const at = Math.floor(event.at)
      const { changes } = insert.run(service, stream, sequence, event.id, at, hash, text)
      if (changes === 1) heads.set(place, { sequence, hash, service, stream })
    }
  }
  const advance = database.prepare(
    'INSERT INTO audit_chains (service, stream, sequence, hash) VALUES (?, ?, ?, ?)',
  )
  for (const { service, stream, sequence, hash } of heads.values())
    advance.run(service, stream, sequence, hash)
  database.exec('DROP TABLE audit; DROP TABLE unauthenticated_audit')
}
