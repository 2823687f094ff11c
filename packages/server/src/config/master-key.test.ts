import { sealKeyName } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printConfig } from './print.ts'
import { createFolder, LEAST } from './testing/folder.ts'

const { load, problems, write } = createFolder()
const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const [one, other] = [first.toString('base64url'), second.toString('base64url')]
const file = write('master.key', `${one}\n${other}\n`)

test('master keys come from a file of the settings or of the environment, in its order', () => {
  const both = [first, second]
  assert.deepEqual(load({ ...LEAST, master_key: 'master.key' }).masterKeys, both)
  assert.deepEqual(load(LEAST, { SIGNET_MASTER_KEY_FILE: file }).masterKeys, both)
  assert.deepEqual(load(LEAST, { SIGNET_MASTER_KEY: `${other} ${one}` }).masterKeys, [
    second,
    first,
  ])
  assert.equal(load(LEAST).masterKeys, undefined)
})

test('what is no master key is refused, without a word of it', () => {
  const near = `${one.slice(0, 20)}+/${one.slice(22)}`
  const bad = ['', ' ', 'no-such.key', near, one.slice(1), `${one}\n${near}`, `${one}AA`]
  write('bad.key', `${one}\n# ${near}\n`)
  for (const master_key of [...bad, 'bad.key']) {
    const found = problems({ ...LEAST, master_key })
    assert.deepEqual([found.length, found[0]?.startsWith('master_key: neither')], [1, true])
    assert.ok(!found.join().includes(one.slice(0, 12)))
  }
})

test('of a master key only its name is printed', () => {
  const printed = printConfig(load({ ...LEAST, master_key: 'master.key' }))
  assert.ok(
    printed.includes(`master_key: "(set: ${sealKeyName(first)}, ${sealKeyName(second)})"`),
    printed,
  )
  for (const key of [first, second]) {
    for (const encoding of ['base64url', 'base64', 'hex'] as const) {
      assert.ok(!printed.includes(key.toString(encoding).slice(0, 20)))
    }
  }
})
