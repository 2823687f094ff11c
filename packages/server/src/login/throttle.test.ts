import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownDevice, rememberDevice } from './known-device.ts'
import { createThrottle, type LoginAttempt } from './throttle.ts'

const secrets = [Buffer.alloc(32, 1)]
function throttling() {
  const clock = fixedClock()
  const throttle = createThrottle({
    store: createMemoryStore(clock),
    clock,
    secrets: () => secrets,
  })
  const take = (change: Partial<LoginAttempt> = {}): Promise<number> =>
    throttle.take({ username: 'alice', address: '198.51.100.1', device: undefined, ...change })
  return { clock, throttle, take }
}
const owner = rememberDevice(undefined, 'alice', secrets)

test('guessing one account from everywhere is slow', async () => {
  const { clock, take } = throttling()
  let tried = 0
  for (let second = 0; second < 3_600; second += 1) {
    const wait = await take({ address: `198.51.100.${second % 250}` })
    if (wait === 0) tried += 1
    clock.advance(1)
  }
  assert.ok(tried <= 5 + 60, `${tried} guesses in an hour`)
})

test('whoever has to wait is told how long, and waiting helps', async () => {
  const { clock, take } = throttling()
  for (let attempt = 0; attempt < 5; attempt += 1) assert.equal(await take(), 0)
  const wait = await take()
  assert.ok(wait > 0 && wait <= 60)
  clock.advance(wait)
  assert.equal(await take(), 0)
})

test('guessing does not lock the owner out of a browser used before', async () => {
  const { take } = throttling()
  for (let attempt = 0; attempt < 50; attempt += 1) await take({ address: '203.0.113.9' })
  assert.equal(await take({ device: owner }), 0)
})

test('nor do those who share the address of the owner, behind one proxy perhaps', async () => {
  const { take } = throttling()
  for (let user = 0; user < 101; user += 1) await take({ username: `user${user}` })
  assert.ok((await take({ username: 'next' })) > 0)
  assert.equal(await take({ device: owner }), 0)
})

test('an address that has used up its attempts uses up nobody else’s', async () => {
  const { take } = throttling()
  const guesser = { address: '203.0.113.9' }
  for (let user = 0; user < 100; user += 1) await take({ ...guesser, username: `user${user}` })
  for (let attempt = 0; attempt < 10; attempt += 1) assert.ok((await take(guesser)) > 0)
  assert.equal(await take(), 0)
})

test('a stolen browser does not guess for ever either', async () => {
  const { take } = throttling()
  const waits: number[] = []
  for (let attempt = 0; attempt < 11; attempt += 1) waits.push(await take({ device: owner }))
  assert.ok((waits.at(-1) ?? 0) > 0)
})

test('a device somebody made up, or of another user, is an unknown one', async () => {
  for (const device of [
    'x.y',
    rememberDevice(undefined, 'mallory', secrets),
    `${owner}x`,
    '~~~~',
  ]) {
    const { take } = throttling()
    for (let attempt = 0; attempt < 5; attempt += 1) await take()
    assert.ok((await take({ device })) > 0, device)
  }
})

test('one address does not try all accounts quickly, and IPv6 neighbours are one address', async () => {
  for (const address of [() => '198.51.100.7', (n: number) => `2001:db8:0:1::${n.toString(16)}`]) {
    const { take } = throttling()
    let tried = 0
    for (let user = 0; user < 300; user += 1) {
      if ((await take({ username: `user${user}`, address: address(user) })) === 0) tried += 1
    }
    assert.equal(tried, 100)
  }
})

test('other IPv6 networks, and IPv4 in its IPv6 form, are told apart', async () => {
  const { take } = throttling()
  for (let user = 0; user < 101; user += 1)
    await take({ username: `u${user}`, address: '::ffff:198.51.100.7' })
  assert.ok((await take({ username: 'next', address: '198.51.100.7' })) > 0)
  assert.equal(await take({ username: 'other', address: '::ffff:198.51.100.8' }), 0)
  assert.equal(await take({ username: 'third', address: '2001:db8::1' }), 0)
})

test('a success gives the attempts back', async () => {
  const { throttle, take } = throttling()
  for (let attempt = 0; attempt < 5; attempt += 1) await take()
  await throttle.succeeded({ username: 'alice', address: '198.51.100.1', device: undefined })
  assert.equal(await take(), 0)
})

test('a browser remembers a few users, the last one for sure', () => {
  let cookie: string | undefined
  for (let user = 0; user < 6; user += 1) cookie = rememberDevice(cookie, `u${user}`, secrets)
  cookie = rememberDevice(cookie, 'u5', secrets)
  const known = [0, 1, 2, 3, 4, 5].filter((user) => knownDevice(cookie, `u${user}`, secrets))
  assert.deepEqual(known, [2, 3, 4, 5])
})

test('a device is still known after the secret was rotated', () => {
  const rotated = [Buffer.alloc(32, 2), ...secrets]
  assert.ok(knownDevice(owner, 'alice', rotated))
  assert.equal(knownDevice(owner, 'alice', [Buffer.alloc(32, 2)]), undefined)
})
