import type { Authorization, ClientRecord, Consent, Grant, KeyRecord, User } from '@signet/engine'
import { SAMPLE_NOW } from '@signet/engine/testing'
import * as fc from 'fast-check'
import type { ServiceExport } from '../format.ts'

const HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

/** Names as others give them: any text at all, longer than PostgreSQL keeps, or almost alike. */
const name = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('a', 'A', '#a', '\0', '%', '\u{D800}', '😀', '\u{FF5E}', 'x'.repeat(300)),
)
/** Names as we give them. */
const ownName = fc.base64String({ minLength: 4 }).map((text) => text.replaceAll(/[+/=]/g, '_'))
const text = fc.string({ unit: 'binary' })
const texts = fc.array(text, { maxLength: 3 })
const time = fc.integer({ min: SAMPLE_NOW - 1_000, max: SAMPLE_NOW + 100_000_000 })
const source = fc.constantFrom('file', 'command')
const list = fc.integer({ min: 0, max: 100 })
/** JSON as it comes back from where it is kept. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
const claims = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  json,
  { maxKeys: 4, noNullPrototype: true },
)

const clients = rows<ClientRecord>(
  name
    .filter((id) => id.length <= 255)
    .chain((clientId) =>
      fc.record({
        clientId: fc.constant(clientId),
        metadata: fc.record(
          {
            client_id: fc.constant(clientId),
            client_name: text,
            redirect_uris: texts,
            jwks: fc.constant({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', other: 1 }] }),
          },
          { requiredKeys: ['client_id'], noNullPrototype: true },
        ),
        source,
        disabled: fc.boolean(),
        updatedAt: time,
      }),
    ),
  ({ clientId }) => clientId,
)

const users = fc.uniqueArray(
  fc.record<User>({
    subject: name,
    username: name,
    passwordHash: fc.constant(HASH),
    claims,
    source,
    disabled: fc.boolean(),
  }),
  {
    maxLength: 8,
    comparator: (one, other) => one.subject === other.subject || one.username === other.username,
  },
)

const consents = rows<Consent>(
  fc.record({ subject: name, clientId: name, scopes: texts, resources: texts, updatedAt: time }),
  ({ subject, clientId }) => JSON.stringify([subject, clientId]),
)

const authorization: fc.Arbitrary<Authorization> = fc.record(
  {
    clientId: name,
    subject: name,
    scopes: texts,
    resources: texts,
    claims: text,
    authTime: time,
    acr: text,
    amr: texts,
    sid: text,
  },
  {
    requiredKeys: ['clientId', 'subject', 'scopes', 'resources', 'authTime', 'acr', 'amr', 'sid'],
  },
)

const grants = rows<Grant>(
  fc.record(
    {
      id: ownName,
      authorization,
      refreshToken: ownName,
      status: fc.integer({ min: 0, max: 2 ** 40 }),
      createdAt: time,
      expiresAt: time,
    },
    { requiredKeys: ['id', 'authorization', 'createdAt', 'expiresAt'] },
  ),
  ({ id }) => id,
)

const keys = rows<KeyRecord>(
  fc.record(
    {
      kid: ownName,
      use: fc.constantFrom('sig', 'enc', 'nonce'),
      algorithm: fc.constantFrom('ES256', 'HMAC'),
      material: ownName,
      createdAt: time,
      signsFrom: time,
      retiresAt: time,
    },
    { requiredKeys: ['kid', 'use', 'algorithm', 'material', 'createdAt', 'signsFrom'] },
  ),
  ({ kid }) => kid,
)

/** Anything a service may take with it, in no particular order. */
export const anyService: fc.Arbitrary<ServiceExport> = fc.record({
  issuer: fc.constant('https://as.example'),
  clients,
  users,
  consents,
  grants,
  revocations: rows(fc.record({ id: ownName, until: time }), ({ id }) => id),
  statusLists: fc.record({
    taken: fc.integer({ min: 0, max: 2 ** 40 }),
    published: rows(fc.record({ list, until: time }), (row) => row.list),
    revoked: rows(
      fc.record({ list, index: fc.nat(131_071), until: time }),
      (row) => `${row.list} ${row.index}`,
    ),
  }),
  keys,
})

function rows<Row>(row: fc.Arbitrary<Row>, key: (row: Row) => unknown): fc.Arbitrary<Row[]> {
  return fc.uniqueArray(row, { maxLength: 8, selector: key })
}
