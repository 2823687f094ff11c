import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresProblem, redisProblem, withoutPassword, withoutTlsMode } from './addresses.ts'

describe('the address of a PostgreSQL', () => {
  for (const address of [
    'postgres://signet@localhost/signet',
    'postgresql://signet:secret@127.0.0.1:5433/signet',
    'postgres://[::1]/signet',
    'postgres:///signet?host=/run/postgresql',
    'postgres://signet@/signet?host=%2Frun%2Fpostgresql&port=5432',
    'postgres://signet@%2Frun%2Fpostgresql/signet',
    'postgres://signet@db.example/signet?sslmode=verify-full',
    'postgres://signet@db.example/signet?application_name=a&sslmode=disable',
  ]) {
    test(`may be ${address}`, () => {
      assert.equal(postgresProblem(address), undefined)
    })
  }

  for (const address of [
    'postgres://signet@db.example/signet',
    'postgres://localhost.example/signet',
    'postgres://10.0.0.7/signet',
    'postgres:///signet?host=db.example',
    'postgres://localhost/signet?host=db.example',
  ]) {
    test(`has to say whether the way to another machine is protected: ${address}`, () => {
      assert.match(postgresProblem(address) ?? '', /add \?sslmode=verify-full/)
    })
  }

  for (const mode of ['require', 'prefer', 'no-verify', 'verify-ca', 'allow', '', 'VERIFY-FULL']) {
    test(`may not ask for TLS that believes anybody: sslmode=${mode}`, () => {
      const address = `postgres://db.example/signet?sslmode=${mode}`
      assert.match(postgresProblem(address) ?? '', /sslmode must be verify-full/)
    })
  }

  test('may not say two things of TLS, or of where it is', () => {
    for (const query of ['sslmode=verify-full&sslmode=disable', 'sslmode=disable&sslmode=disable'])
      assert.match(postgresProblem(`postgres://db.example/signet?${query}`) ?? '', /once/)
    const elsewhere = 'postgres:///signet?host=/run/postgresql&host=db.example'
    assert.match(postgresProblem(elsewhere) ?? '', /get to db\.example/)
  })

  for (const address of ['', 'signet', 'mysql://db/signet', 'host=localhost', '/run/postgresql']) {
    test(`is none: ${JSON.stringify(address)}`, () => {
      assert.match(postgresProblem(address) ?? '', /^must be an address like postgres:/)
    })
  }
})

test('the address of a Redis begins with redis:// or rediss://', () => {
  for (const address of ['redis://localhost', 'rediss://signet:secret@db.example:6380/2'])
    assert.equal(redisProblem(address), undefined)
  // Half of a password that is not percent-encoded would be a fragment, and be told.
  const halved = 'redis://signet:12#s3cret@db.example'
  for (const address of [
    '',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis:6379',
    halved,
  ])
    assert.match(redisProblem(address) ?? '', /^must be an address like rediss:/)
})

test('the address of sentinels is refused with what to do instead', () => {
  for (const scheme of ['redis-sentinel', 'REDISS+sentinel'])
    assert.match(
      redisProblem(`${scheme}://one:26379,two:26379/primary`) ?? '',
      /follows the primary/,
    )
})

test('an address is shown without its password, wherever it stands', () => {
  for (const [address, shown] of [
    ['postgres://signet:s3cret@db.example/signet', 'postgres://signet@db.example/signet'],
    ['postgres://signet:s3cret@/signet?host=/run', 'postgres://signet@/signet?host=%2Frun'],
    ['postgres://db.example/x?password=s3cret&a=1', 'postgres://db.example/x?a=1'],
    ['rediss://:s3cret@db.example:6380/2', 'rediss://db.example:6380/2'],
    ['rediss://signet:s3cret@db.example', 'rediss://signet@db.example'],
    ['what s3cret is this', '[not an address]'],
  ] as const) {
    assert.equal(withoutPassword(address), shown)
  }
})

test('what an address says of TLS can be taken out of it', () => {
  for (const [query, left] of [
    ['?sslmode=verify-full', ''],
    ['?sslmode=verify-full&a=1', '?a=1'],
    ['?a=1&sslmode=verify-full', '?a=1'],
    ['?a=1&sslmode=verify-full&b=2', '?a=1&b=2'],
  ] as const) {
    assert.equal(withoutTlsMode(`postgres://db/signet${query}`), `postgres://db/signet${left}`)
  }
})
