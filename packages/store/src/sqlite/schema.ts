import { chainAudit } from './chain-audit.ts'
import type { Migration } from './migrate.ts'

/**
 * What each table is for stands in the port (`store.ts` of the engine). Two shapes:
 *
 * Rows that end: `id` is the second they end (of audit events: the second they happened) times 2^20, plus a count. So one
 * b-tree keeps the row and the order of sweeping, and rows written together lie together. `key` is what a row is found by.
 *
 * Rows that stay are found by their own names.
 */
function rowsThatEnd(table: string, columns = ''): string {
  return `
    CREATE TABLE ${table} (
      id INTEGER PRIMARY KEY,
      service INTEGER NOT NULL REFERENCES services (id),
      key TEXT NOT NULL,
      ${columns}
      data TEXT NOT NULL,
      UNIQUE (service, key)
    ) STRICT;
  `
}

/** Applied in order; what was released is never edited, only followed. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'the first schema',
    sql: `
      CREATE TABLE services (id INTEGER PRIMARY KEY, issuer TEXT NOT NULL UNIQUE) STRICT;

      ${rowsThatEnd('pushed_requests')}
      ${rowsThatEnd('interactions')}
      ${rowsThatEnd('codes', 'redeemed INTEGER NOT NULL DEFAULT 0,')}
      ${rowsThatEnd('attempts')}
      ${rowsThatEnd('sessions')}
      ${rowsThatEnd('grants')}
      ${rowsThatEnd('opaque_tokens')}
      ${rowsThatEnd('revocations')}
      ${rowsThatEnd('audit')}

      -- One row for each transaction that marked something; \`until\` is that of the mark that ends last.
      CREATE TABLE replay_log (
        id INTEGER PRIMARY KEY,
        until INTEGER NOT NULL,
        data TEXT NOT NULL
      ) STRICT;

      CREATE TABLE consents (
        service INTEGER NOT NULL REFERENCES services (id),
        subject TEXT NOT NULL,
        client_id TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (service, subject, client_id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE users (
        service INTEGER NOT NULL REFERENCES services (id),
        subject TEXT NOT NULL,
        username TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (service, subject),
        UNIQUE (service, username)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE clients (
        service INTEGER NOT NULL REFERENCES services (id),
        client_id TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (service, client_id)
      ) STRICT;

      CREATE TABLE keys (
        service INTEGER NOT NULL REFERENCES services (id),
        kid TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        retires_at INTEGER,
        data TEXT NOT NULL,
        PRIMARY KEY (service, kid)
      ) STRICT;
    `,
  },
  {
    name: 'status lists',
    sql: `
      -- Numbers that only grow, and are never given again.
      CREATE TABLE counters (
        service INTEGER NOT NULL REFERENCES services (id),
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (service, name)
      ) STRICT, WITHOUT ROWID;

      ${rowsThatEnd('status_lists')}
      -- \`key\` is the number of the list, a point, and the index.
      ${rowsThatEnd('status_revocations')}
    `,
  },
  {
    name: 'events anybody can cause',
    sql: `
      -- \`id\` counts without a gap, so that the newest so many are those above a number; \`at\` is a second.
      CREATE TABLE unauthenticated_audit (
        id INTEGER PRIMARY KEY,
        service INTEGER NOT NULL REFERENCES services (id),
        key TEXT NOT NULL,
        at INTEGER NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (service, key)
      ) STRICT;
    `,
  },
  {
    name: 'the audit is a chain',
    sql: `
      -- \`sequence\` and \`hash\` are those of the last record, \`removed\` those of the last one that is not there any more.
      CREATE TABLE audit_chains (
        service INTEGER NOT NULL REFERENCES services (id),
        stream TEXT NOT NULL CHECK (stream IN ('trusted', 'strangers')),
        sequence INTEGER NOT NULL,
        hash TEXT NOT NULL,
        removed INTEGER NOT NULL DEFAULT 0,
        removed_hash TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (service, stream)
      ) STRICT, WITHOUT ROWID;

      -- \`at\` is a millisecond, \`data\` the event as it was hashed.
      CREATE TABLE audit_records (
        service INTEGER NOT NULL REFERENCES services (id),
        stream TEXT NOT NULL CHECK (stream IN ('trusted', 'strangers')),
        sequence INTEGER NOT NULL,
        key TEXT NOT NULL,
        at INTEGER NOT NULL,
        hash TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (service, stream, sequence),
        UNIQUE (service, key)
      ) STRICT;
    `,
    run: chainAudit,
  },
  {
    name: 'what is of a user is found by the user',
    sql: `
      CREATE INDEX codes_by_subject ON codes (service, data ->> '$.authorization.subject');
      CREATE INDEX grants_by_subject ON grants (service, data ->> '$.authorization.subject');
      CREATE INDEX sessions_by_subject ON sessions (service, data ->> '$.subject');
    `,
  },
]
