import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswordChecks } from './password-check.ts'
import { formatPasswordHash, parsePasswordHash } from './password-hash.ts'
import { hashPassword, isOutdated, verifyPassword } from './password.ts'

const cheap = { memory: 64, passes: 1, parallelism: 1 }

test('a password verifies against its own hash and no other does', async () => {
  const phc = await hashPassword('correct horse', cheap)
  assert.equal(await verifyPassword('correct horse', phc), true)
  for (const wrong of ['', 'correct hors', 'Correct horse', 'correct horse ']) {
    assert.equal(await verifyPassword(wrong, phc), false, wrong)
  }
})

test('the same password never has the same hash twice', async () => {
  assert.notEqual(await hashPassword('x', cheap), await hashPassword('x', cheap))
})

test('a hash of the reference implementation is understood', async () => {
  // echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -e
  const phc =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  assert.equal(await verifyPassword('password', phc), true)
})

test('a password is the same however its accents are composed', async () => {
  assert.equal(await verifyPassword('\u00E9', await hashPassword('e\u0301', cheap)), true)
})

test('a new hash costs 64 MiB and three passes', async () => {
  const { memory, passes, salt, hash } = parsePasswordHash(await hashPassword('x'))
  assert.deepEqual([memory, passes, salt.length, hash.length], [65_536, 3, 16, 32])
})

test('a cheaper hash is outdated, an equal or dearer one is not', async () => {
  assert.equal(isOutdated(await hashPassword('x', cheap)), true)
  assert.equal(isOutdated(await hashPassword('x')), false)
  const parts = parsePasswordHash(await hashPassword('x', cheap))
  assert.equal(isOutdated(formatPasswordHash({ ...parts, memory: 131_072, passes: 4 })), false)
})

for (const phc of [
  '',
  'hunter2',
  '$argon2i$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=16$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=9999999,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=0,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=65536,t=999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$',
  '$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc\n',
]) {
  test(`is no password hash: ${JSON.stringify(phc)}`, () => {
    assert.throws(() => parsePasswordHash(phc), TypeError)
  })
}

test('a check says right or wrong, and wrong for nobody, whatever the password', async () => {
  const checks = createPasswordChecks()
  const phc = await hashPassword('right', cheap)
  assert.equal(await checks.check('right', phc), 'right')
  assert.equal(await checks.check('wrong', phc), 'wrong')
  assert.equal(await checks.check('', undefined), 'wrong')
})

test('somebody who does not exist costs as much time as somebody who does', async () => {
  const checks = createPasswordChecks()
  const phc = await hashPassword('right')
  await checks.check('', undefined)
  const timed = async (hash: string | undefined): Promise<number> => {
    const begun = performance.now()
    await checks.check('wrong', hash)
    return performance.now() - begun
  }
  const times = { existing: Infinity, unknown: Infinity }
  for (let round = 0; round < 3; round += 1) {
    times.existing = Math.min(times.existing, await timed(phc))
    times.unknown = Math.min(times.unknown, await timed(undefined))
  }
  assert.ok(times.unknown > times.existing / 2, JSON.stringify(times))
})

test('too many at once are told to come again, and those who waited get their answer', async () => {
  const checks = createPasswordChecks({ atOnce: 1, longestQueue: 2 })
  const phc = await hashPassword('right')
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => checks.check('right', phc)))
  assert.deepEqual(all, ['right', 'right', 'right', 'busy', 'busy'])
  assert.equal(await checks.check('right', phc), 'right')
})

test('a hash that cannot be computed does not block those who come after', async () => {
  const checks = createPasswordChecks({ atOnce: 1 })
  await assert.rejects(checks.check('x', 'damaged'), TypeError)
  assert.equal(await checks.check('right', await hashPassword('right', cheap)), 'right')
})
