import type { Schema } from './migration.ts'

/**
 * What each table is for stands in the port (`store.ts` of the engine). Rows that end are found by `key` and swept by `ends`,
 * seconds since 1970. What a verb changes or a statement looks for has a column of its own; everything else is JSON in `data`,
 * as text, because no other type keeps every character.
 *
 * Texts are compared byte by byte. No table is `UNLOGGED`: a crash must bring nothing back that was used.
 */
function rowsThatEnd(table: string, columns = ''): string {
  return `
    CREATE TABLE signet.${table} (
      service integer NOT NULL,
      key text COLLATE "C" NOT NULL,
      ends double precision NOT NULL,
      ${columns}
      data text NOT NULL,
      PRIMARY KEY (service, key)
    );
    CREATE INDEX ${table}_by_end ON signet.${table} (ends);
  `
}

/** Names, and until when they matter. */
function namesThatEnd(table: string, columns: string, key: string): string {
  return `
    CREATE TABLE signet.${table} (
      service integer NOT NULL,
      ${columns}
      ends double precision NOT NULL,
      PRIMARY KEY (service, ${key})
    );
    CREATE INDEX ${table}_by_end ON signet.${table} (ends);
  `
}

/** Applied in order; what was released is never edited, only followed. */
export const SIGNET: Schema = {
  name: 'signet',
  remedy: 'run "signet migrate --apply"',
  migrations: [
    {
      name: 'the first schema',
      phase: 'expand',
      sql: `
        CREATE TABLE signet.services (
          id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          issuer text COLLATE "C" NOT NULL UNIQUE
        );

        ${rowsThatEnd('pushed_requests')}
        ${rowsThatEnd('interactions')}
        ${rowsThatEnd(
          'codes',
          `subject text COLLATE "C" NOT NULL,
           redeemed boolean NOT NULL DEFAULT false,`,
        )}
        ${namesThatEnd('replay_marks', 'key text COLLATE "C" NOT NULL,', 'key')}
        -- \`taken\` tells the statement that changed a row last whether it got an attempt.
        ${namesThatEnd('attempts', 'key text COLLATE "C" NOT NULL, taken boolean NOT NULL,', 'key')}
        -- Each client as JSON, for the characters no text may hold.
        ${rowsThatEnd('sessions', 'subject text COLLATE "C" NOT NULL, clients text[],')}
        ${rowsThatEnd('grants', 'subject text COLLATE "C" NOT NULL, status bigint,')}
        ${rowsThatEnd('opaque_tokens')}
        ${namesThatEnd('revocations', 'key text COLLATE "C" NOT NULL,', 'key')}
        ${namesThatEnd('status_lists', 'list bigint NOT NULL,', 'list')}
        ${namesThatEnd(
          'status_revocations',
          'list bigint NOT NULL, position integer NOT NULL,',
          'list, position',
        )}
        -- \`sequence\` and \`hash\` are those of the last record, \`removed\` those of the last one that is not there any more.
        CREATE TABLE signet.audit_chains (
          service integer NOT NULL,
          stream text COLLATE "C" NOT NULL CHECK (stream IN ('trusted', 'strangers')),
          sequence bigint NOT NULL DEFAULT 0,
          hash text NOT NULL DEFAULT '',
          removed bigint NOT NULL DEFAULT 0,
          removed_hash text NOT NULL DEFAULT '',
          PRIMARY KEY (service, stream)
        ) WITH (fillfactor = 10);

        -- \`at\` is a millisecond, \`data\` the event as it was hashed.
        CREATE TABLE signet.audit_records (
          service integer NOT NULL,
          stream text COLLATE "C" NOT NULL CHECK (stream IN ('trusted', 'strangers')),
          sequence bigint NOT NULL,
          key text COLLATE "C" NOT NULL,
          at double precision NOT NULL,
          hash text NOT NULL,
          data text NOT NULL,
          PRIMARY KEY (service, stream, sequence),
          UNIQUE (service, key)
        );

        -- Adds events to a chain, but those that are there already. Its head is locked first: what follows sees all before it.
        CREATE FUNCTION signet.record_events(
          of_service integer, of_stream text, keys text[], times double precision[], events text[]
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
          head signet.audit_chains;
          next_hash text;
        BEGIN
          INSERT INTO signet.audit_chains (service, stream) VALUES (of_service, of_stream)
          ON CONFLICT DO NOTHING;
          SELECT * INTO STRICT head FROM signet.audit_chains
          WHERE service = of_service AND stream = of_stream FOR UPDATE;
          FOR n IN 1 .. cardinality(keys) LOOP
            next_hash := translate(
              encode(
                sha256(convert_to(
                  '{"event":' || events[n] || ',"previous":"' || head.hash
                    || '","sequence":' || head.sequence + 1 || ',"stream":"' || of_stream || '"}',
                  'UTF8'
                )),
                'base64'
              ),
              '+/=', '-_'
            );
            INSERT INTO signet.audit_records (service, stream, sequence, key, at, hash, data)
            VALUES (of_service, of_stream, head.sequence + 1, keys[n], times[n], next_hash, events[n])
            ON CONFLICT (service, key) DO NOTHING;
            IF FOUND THEN
              head.sequence := head.sequence + 1;
              head.hash := next_hash;
            END IF;
          END LOOP;
          UPDATE signet.audit_chains SET sequence = head.sequence, hash = head.hash
          WHERE service = of_service AND stream = of_stream;
        END
        $$;

        -- Numbers that only grow, and are never given again.
        CREATE TABLE signet.counters (
          service integer NOT NULL,
          name text COLLATE "C" NOT NULL,
          value bigint NOT NULL,
          PRIMARY KEY (service, name)
        );

        CREATE TABLE signet.consents (
          service integer NOT NULL,
          subject text COLLATE "C" NOT NULL,
          client_id text COLLATE "C" NOT NULL,
          data text NOT NULL,
          PRIMARY KEY (service, subject, client_id)
        );

        CREATE TABLE signet.users (
          service integer NOT NULL,
          subject text COLLATE "C" NOT NULL,
          username text COLLATE "C" NOT NULL,
          data text NOT NULL,
          PRIMARY KEY (service, subject),
          CONSTRAINT users_username UNIQUE (service, username)
        );

        CREATE TABLE signet.clients (
          service integer NOT NULL,
          client_id text COLLATE "C" NOT NULL,
          data text NOT NULL,
          PRIMARY KEY (service, client_id)
        );

        CREATE TABLE signet.keys (
          service integer NOT NULL,
          kid text COLLATE "C" NOT NULL,
          created_at double precision NOT NULL,
          retires_at double precision,
          data text NOT NULL,
          PRIMARY KEY (service, kid)
        );

        -- Written by whoever asks whether anything can be.
        CREATE TABLE signet.pulse (
          id integer PRIMARY KEY,
          at double precision NOT NULL
        ) WITH (fillfactor = 10);
      `,
    },
    {
      name: 'what is of a user is found by an index',
      phase: 'expand',
      sql: `
        CREATE INDEX codes_by_subject ON signet.codes (service, subject);
        CREATE INDEX grants_by_subject ON signet.grants (service, subject);
        CREATE INDEX sessions_by_subject ON signet.sessions (service, subject);
      `,
    },
  ],
}
