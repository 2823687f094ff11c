import type { Schema } from './migration.ts'

/** What a BFF keeps, which is another schema than that of an authorization server. Applied in order, never edited. */
export const BFF: Schema = {
  name: 'signet_bff',
  remedy: 'run "signet bff migrate --apply"',
  migrations: [
    {
      name: 'the sessions of a backend for frontend',
      phase: 'expand',
      sql: `
        CREATE TABLE signet_bff.sessions (
          id text COLLATE "C" PRIMARY KEY,
          handle text NOT NULL,
          frontend text NOT NULL,
          issuer text COLLATE "C" NOT NULL,
          subject text COLLATE "C" NOT NULL,
          sid text COLLATE "C",
          user_agent text,
          created_at double precision NOT NULL,
          last_seen_at double precision NOT NULL,
          expires_at double precision NOT NULL,
          ends_at double precision NOT NULL,
          version integer NOT NULL,
          sealed text NOT NULL
        );
        CREATE INDEX sessions_by_sid ON signet_bff.sessions (issuer, sid) WHERE sid IS NOT NULL;
        CREATE INDEX sessions_by_subject ON signet_bff.sessions (issuer, subject, created_at);
        CREATE INDEX sessions_by_end ON signet_bff.sessions (expires_at);

        CREATE TABLE signet_bff.leases (
          id text COLLATE "C" PRIMARY KEY,
          owner text NOT NULL,
          ends double precision NOT NULL
        );

        -- What is taken once: logins and logouts under way.
        CREATE TABLE signet_bff.parcels (
          id text COLLATE "C" PRIMARY KEY,
          ends double precision NOT NULL,
          sealed text NOT NULL
        );
        CREATE INDEX parcels_by_end ON signet_bff.parcels (ends);

        -- Logout tokens that were seen.
        CREATE TABLE signet_bff.marks (
          digest text COLLATE "C" PRIMARY KEY,
          ends double precision NOT NULL
        );
        CREATE INDEX marks_by_end ON signet_bff.marks (ends);
      `,
    },
  ],
}
