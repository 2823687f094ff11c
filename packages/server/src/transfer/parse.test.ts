import {
  sampleClientRecord,
  sampleGrant,
  sampleKeyRecord,
  sampleUser,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidConfig } from '../config/problems.ts'
import { parseExport } from './parse.ts'

const SECRET = 'hush-hush'
const passwordHash =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
const user = sampleUser({ passwordHash })
const client = sampleClientRecord({ metadata: { client_id: 'app' } })
const service = {
  issuer: 'https://as.example',
  clients: [client],
  users: [user],
  consents: [],
  grants: [sampleGrant()],
  revocations: [],
  statusLists: { taken: 0, published: [], revoked: [] },
}

function textWith(change: object, around: object = {}): string {
  const services = [{ ...service, ...change }]
  return JSON.stringify({ format: 'signet-export', version: 1, services, ...around })
}

test('what an export says is read', () => {
  const { services } = parseExport(textWith({}), 'export.json')
  assert.deepEqual(services, [service])
})

const refused: readonly (readonly [title: string, text: string, expected: RegExp])[] = [
  [
    'what is not JSON',
    `{"format":\n "${SECRET}" x}`,
    /the file: is not JSON \(line 2 column \d+\)$/m,
  ],
  ['nothing', '', /the file: is not JSON$/m],
  ['another file', `{"${SECRET}":1}`, /format: .*no signet export wrote this/],
  [
    'another version',
    textWith({}, { version: 2 }),
    /version: this release of Signet reads version 1/,
  ],
  ['a missing member', textWith({ grants: undefined }), /services\.0\.grants: required/],
  [
    'an unknown member',
    textWith({ grant: [] }),
    /services\.0\.grant: unknown key; did you mean grants\?/,
  ],
  [
    'an unknown member of a row',
    textWith({ grants: [{ ...sampleGrant(), revoked: true }] }),
    /services\.0\.grants\.0\.revoked: unknown key/,
  ],
  [
    'a wrong member of a row',
    textWith({ users: [user, { ...sampleUser(), passwordHash: SECRET }] }),
    /services\.0\.users\.1\.passwordHash: must be a PHC string/,
  ],
  [
    'a password in place of a boolean',
    textWith({ users: [{ ...user, disabled: SECRET }] }),
    /services\.0\.users\.0\.disabled: Invalid input: expected boolean, received string/,
  ],
  [
    'a negative position',
    textWith({ statusLists: { taken: -1, published: [], revoked: [] } }),
    /services\.0\.statusLists\.taken: /,
  ],
  [
    'a key without a use',
    textWith({ keys: [{ ...sampleKeyRecord({ material: SECRET }), use: SECRET }] }),
    /services\.0\.keys\.0\.use: /,
  ],
  [
    'a row that is there twice',
    textWith({ clients: [client, client] }),
    /services\.0\.clients\.1: is there twice/,
  ],
  [
    'a username that is there twice',
    textWith({ users: [user, { ...user, subject: 'another' }] }),
    /services\.0\.users\.1\.username: is there twice/,
  ],
  [
    'a client under the name of another',
    textWith({ clients: [{ ...client, clientId: 'other' }] }),
    /services\.0\.clients\.0\.metadata\.client_id: is not the clientId/,
  ],
  [
    'a key that sets a prototype',
    textWith({ users: [user] }).replace('"claims":{', '"claims":{"a":[{"__proto__":{"b":1}}],'),
    /the file: has a key __proto__$/m,
  ],
  [
    'what is nested without end',
    textWith({ users: [{ ...user, claims: { a: 1 } }] }).replace(
      '"a":1',
      `"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    ),
    /the file: is nested deeper than 32 levels$/m,
  ],
  [
    'a position in a status list that no list has',
    textWith({
      statusLists: { taken: 9e15, published: [], revoked: [{ list: 0, index: 9e15, until: 0 }] },
    }),
    /statusLists\.taken: [^]*statusLists\.revoked\.0\.index: /,
  ],
  [
    'a service that is there twice',
    textWith({}, { services: [service, service] }),
    /one issuer is there twice/,
  ],
]

for (const [title, text, expected] of refused) {
  test(`${title} is refused, with its place and without what stands there`, () => {
    assert.throws(
      () => parseExport(text, 'export.json'),
      (error) =>
        error instanceof InvalidConfig &&
        expected.test(error.message) &&
        !error.problems
          .filter((line) => !line.includes('unknown key'))
          .join()
          .includes(SECRET),
    )
  })
}

test('of many problems the first are told, and how many there are', () => {
  const users = Array.from({ length: 50 }, () => ({}))
  assert.throws(
    () => parseExport(textWith({ users }), 'export.json'),
    (error) => error instanceof InvalidConfig && error.problems.length === 21,
  )
})
