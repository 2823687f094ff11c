import type { Migration } from './migrate.ts'

/** The file of a BFF, which is another than that of an authorization server. Applied in order, never edited. */
export const BFF_MIGRATIONS: readonly Migration[] = [
  {
    name: 'the sessions of a backend for frontend',
    sql: `
      CREATE TABLE bff_sessions (
        id TEXT PRIMARY KEY,
        handle TEXT NOT NULL,
        frontend TEXT NOT NULL,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        sid TEXT,
        user_agent TEXT,
        created_at INTEGER NOT NULL,
        last_seen_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL,
        version INTEGER NOT NULL,
        sealed TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX bff_sessions_by_sid ON bff_sessions (issuer, sid) WHERE sid IS NOT NULL;
      CREATE INDEX bff_sessions_by_subject ON bff_sessions (issuer, subject, created_at);
      CREATE INDEX bff_sessions_by_end ON bff_sessions (expires_at);

      CREATE TABLE bff_leases (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        until INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- What is taken once: logins and logouts under way.
      CREATE TABLE bff_parcels (
        id TEXT PRIMARY KEY,
        until INTEGER NOT NULL,
        sealed TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX bff_parcels_by_end ON bff_parcels (until);

      -- Logout tokens that were seen.
      CREATE TABLE bff_marks (
        digest TEXT PRIMARY KEY,
        until INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX bff_marks_by_end ON bff_marks (until);
    `,
  },
]
