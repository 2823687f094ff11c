import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { belongTogether } from './key-halves.ts'

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const kinds: Readonly<Record<string, () => Pair>> = {
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  X25519: () => generateKeyPairSync('x25519'),
}

for (const [title, generate] of Object.entries(kinds)) {
  test(`the halves of one ${title} key belong together, and those of two do not`, () => {
    const [one, other] = [generate(), generate()]
    assert.ok(belongTogether(one.privateKey, one.publicKey))
    assert.ok(!belongTogether(one.privateKey, other.publicKey))
    for (const [kind, make] of Object.entries(kinds)) {
      if (kind !== title) assert.ok(!belongTogether(one.privateKey, make().publicKey), kind)
    }
  })
}
