import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { printConfig } from './print.ts'
import { AUTHORITY, createFolder, LEAST } from './testing/folder.ts'

const { load, problems, write, path } = createFolder()
const URL_OF = 'postgres://signet@db.example/signet?sslmode=verify-full'

const storing = (store: object): object => ({ ...LEAST, store })

describe('a store', () => {
  test('is a file, or a PostgreSQL, and with either a Redis for what is of a moment', () => {
    assert.deepEqual(load(storing({ sqlite: 'a.db' })).store, { sqlite: join(path, 'a.db') })
    const postgres = { url: URL_OF, connections: 10, preparedStatements: true }
    assert.deepEqual(load(storing({ postgres: URL_OF })).store, { postgres })
    const redis = 'rediss://cache.example'
    assert.deepEqual(load(storing({ postgres: URL_OF, redis })).store, {
      postgres,
      redis: { url: redis },
    })
    assert.deepEqual(load(storing({ sqlite: 'a.db', redis })).store, {
      sqlite: join(path, 'a.db'),
      redis: { url: redis },
    })
  })

  test('has settings of its own', () => {
    write('ca.pem', AUTHORITY)
    const { store } = load(
      storing({
        postgres: URL_OF,
        redis: 'rediss://cache.example',
        connections: 25,
        prepared_statements: false,
        trusted_cas: ['ca.pem'],
      }),
    )
    const trustedCas = [AUTHORITY.trim()]
    assert.deepEqual(store, {
      postgres: { url: URL_OF, connections: 25, preparedStatements: false, trustedCas },
      redis: { url: 'rediss://cache.example', trustedCas },
    })
  })

  test('can come from a variable, or from a file that a variable names', () => {
    const file = write('postgres-url', `${URL_OF}\n`)
    const { store: _, ...rest } = LEAST
    for (const environment of [
      { SIGNET_STORE_POSTGRES: URL_OF },
      { SIGNET_STORE_POSTGRES_FILE: file },
    ]) {
      const { store } = load(rest, environment)
      assert.ok('postgres' in store && store.postgres.url === URL_OF)
    }
    assert.deepEqual(problems(LEAST, { SIGNET_STORE_POSTGRES: URL_OF }), [
      'store: needs sqlite or postgres, and only one of them; there are sqlite and postgres',
    ])
  })

  const mistakes: Readonly<Record<string, readonly [store: object, problem: string]>> = {
    'no place': [{}, 'store: needs sqlite or postgres'],
    'Redis alone': [{ redis: 'redis://localhost' }, 'store: needs sqlite or postgres'],
    'a misspelt place': [{ postgress: URL_OF }, 'store.postgress: unknown key; did you mean'],
    'memory, which is for tests': [{ memory: true }, 'store.memory: unknown key'],
    'connections to a file': [
      { sqlite: 'a.db', connections: 3 },
      'store.connections: concerns PostgreSQL',
    ],
    'statements prepared by a file': [
      { sqlite: 'a.db', prepared_statements: false },
      'store.prepared_statements: concerns PostgreSQL',
    ],
    'authorities for a file': [
      { sqlite: 'a.db', trusted_cas: ['server.pem'] },
      'store.trusted_cas: ',
    ],
    'no connections at all': [{ postgres: URL_OF, connections: 0 }, 'store.connections: '],
    'an address that is none': [{ postgres: 'db' }, 'store.postgres: must be an address'],
    'a Redis that is none': [
      { sqlite: 'a.db', redis: 'localhost:6379' },
      'store.redis: must be an address',
    ],
    'an authority that is none': [
      { postgres: URL_OF, trusted_cas: ['none.pem'] },
      'store.trusted_cas: ',
    ],
  }
  for (const [title, [store, problem]] of Object.entries(mistakes)) {
    test(`is refused with ${title}`, () => {
      const found = problems(storing(store))
      assert.ok(
        found.some((line) => line.startsWith(problem)),
        found.join('\n'),
      )
    })
  }

  test('is told of without the password of an address, also of one that is none', () => {
    const found = problems(storing({ postgres: 'signet:s3cret@db', redis: 's3cret' }))
    assert.equal(found.length, 2)
    assert.ok(!found.join('\n').includes('s3cret'))
  })
})

test('a store is printed as the file has it, without passwords', () => {
  const secret = storing({
    postgres: URL_OF.replace('signet@', 'signet:s3cret@'),
    redis: 'rediss://signet:s3cret@cache.example',
  })
  const printed = printConfig(load(secret))
  assert.ok(!printed.includes('s3cret'))
  const open = load(storing({ postgres: URL_OF, redis: 'rediss://signet@cache.example' }))
  assert.deepEqual(load(printed), open)
})
