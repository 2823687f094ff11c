import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datedName, datedSecret, digestOf } from './digest.ts'
import { countedRandom, fixedClock } from './testing/index.ts'

const ports = (): {
  clock: ReturnType<typeof fixedClock>
  random: ReturnType<typeof countedRandom>
} => ({
  clock: fixedClock(),
  random: countedRandom(),
})

test('what is kept of secrets sorts in the order in which they were made, and so do names', () => {
  const { clock, random } = ports()
  const kept: string[] = []
  const names: string[] = []
  for (const later of [1, 1, 35, 36, 86_400, 1_000_000_000]) {
    kept.push(digestOf(`urn:example:${datedSecret({ clock, random })}`))
    names.push(datedName({ clock, random }))
    clock.advance(later)
  }
  assert.deepEqual(kept, kept.toSorted())
  assert.deepEqual(names, names.toSorted())
})

test('what is kept of a secret holds its date and nothing of its 256 bits', () => {
  const secret = datedSecret(ports())
  const [date = '', random = ''] = secret.split('.')
  assert.match(random, /^[\w-]{43}$/)
  const kept = digestOf(secret)
  assert.match(kept, /^[\da-z]{7}[\w-]{43}$/)
  assert.equal(kept.slice(0, 7), date)
  for (let at = 0; at + 4 <= random.length; at += 1) {
    assert.ok(!kept.includes(random.slice(at, at + 4)))
  }
})

test('another date makes another secret, not another place for the same', () => {
  const secret = datedSecret(ports())
  const other = `0000000${secret.slice(7)}`
  assert.notEqual(digestOf(other).slice(-43), digestOf(secret).slice(-43))
})

test('two secrets of one second have nothing in common but that', () => {
  const here = ports()
  const [one, two] = [datedSecret(here), datedSecret(here)]
  assert.equal(one.slice(0, 8), two.slice(0, 8))
  assert.notEqual(one.slice(8), two.slice(8))
  assert.notEqual(digestOf(one), digestOf(two))
})

test('of what has no date, the digest alone is kept', () => {
  for (const secret of [
    '',
    'a',
    'x'.repeat(43),
    'x'.repeat(200),
    `.${'x'.repeat(43)}`,
    `ab.${'x'.repeat(43)}`,
    'eyJ.eyJ.sig',
  ]) {
    assert.match(digestOf(secret), /^[\w-]{43}$/)
  }
})
