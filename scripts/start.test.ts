import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import path from 'node:path'
import { ROOT } from './sources.ts'

const APP = 9446
const other = createServer()

// Where another program has it already, that one will do.
before(
  () =>
    new Promise<void>((resolve) => {
      other.once('error', () => resolve()).listen(APP, '127.0.0.1', () => resolve())
    }),
)
after(() => other.close())

test('npm start says which port is taken and by what it is needed, and starts nothing', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/start.ts'], {
    cwd: path.resolve(ROOT),
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /port 9446, which the bank's app needs/)
  assert.match(stderr, /stop it first/)
})
