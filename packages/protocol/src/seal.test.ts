import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createSeal, SealBroken } from './seal.ts'

const old = Buffer.alloc(32, 1)
const current = Buffer.alloc(32, 2)
const seal = createSeal({ keys: [current], random: randomBytes })

test('BFF-05 opens nothing that was altered, at any place', () => {
  const sealed = seal.close('a token', 'session 1')
  const start = sealed.indexOf('.') + 1
  for (let at = start; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'E' : 'A'
    const altered = sealed.slice(0, at) + other + sealed.slice(at + 1)
    if (Buffer.from(altered.slice(start), 'base64url').equals(bytesOf(sealed))) continue
    assert.throws(() => seal.open(altered, 'session 1'), SealBroken, `character ${at}`)
  }
})

test('BFF-05 opens nothing in the place of something else', () => {
  assert.throws(() => seal.open(seal.close('a token', 'session 1'), 'session 2'), SealBroken)
})

test('BFF-05 opens nothing without its key', () => {
  const other = createSeal({ keys: [old], random: randomBytes })
  assert.throws(() => other.open(seal.close('a token', 'session 1'), 'session 1'), SealBroken)
})

test('refuses what is no sealed text', () => {
  const name = seal.close('', '').split('.', 1)[0] ?? ''
  for (const text of ['', '.', 'x', `${name}.`, `${name}.AAAA`, name]) {
    assert.throws(() => seal.open(text, 'session 1'), SealBroken, text)
  }
})

test('refuses keys of another length, and none at all', () => {
  for (const keys of [[], [Buffer.alloc(31)], [current, Buffer.alloc(16)], [Buffer.alloc(33)]]) {
    assert.throws(() => createSeal({ keys, random: randomBytes }), TypeError)
  }
})

test('a sealed text shows nothing of what it holds, and never looks the same', () => {
  const first = seal.close('a token', 'session 1')
  const second = seal.close('a token', 'session 1')
  assert.notEqual(first, second)
  assert.equal(bytesOf(first).includes('a token'), false)
  assert.equal(seal.open(first, 'session 1'), 'a token')
})

test('rotating the key: the old one opens, the new one closes', () => {
  const before = createSeal({ keys: [old], random: randomBytes })
  const during = createSeal({ keys: [current, old], random: randomBytes })
  assert.equal(during.open(before.close('a token', 's'), 's'), 'a token')
  assert.equal(seal.open(during.close('a token', 's'), 's'), 'a token')
})

function bytesOf(sealed: string): Buffer {
  return Buffer.from(sealed.slice(sealed.indexOf('.') + 1), 'base64url')
}
