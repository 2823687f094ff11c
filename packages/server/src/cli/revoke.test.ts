import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { openDurable } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import { createFolder, LEAST } from '../config/testing/folder.ts'

const { load, path } = createFolder()
const MAIN = new URL('../main.ts', import.meta.url).pathname

test('BCP-16 what is to end does so though nobody reads what is told of it', async () => {
  const config = load({ ...LEAST, store: { sqlite: `${path}/revoke.db` }, lifetimes: { code: 1 } })
  const stores = await openDurable(config, systemClock)
  const words = ['revoke', '--all', '--yes', '-c', `${path}/signet.yaml`]
  const child = spawn(process.execPath, ['--conditions=source', MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.destroy()
  assert.deepEqual(await once(child, 'exit'), [0, null])
  const { head } = await stores.store('https://as.example').audit.chain('trusted')
  assert.equal(head.sequence, 2, 'sessions, and grants')
  await stores.close()
})
