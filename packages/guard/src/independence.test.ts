import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

test('importing the guard pulls in no framework', () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import('@signet/guard')
    console.log(JSON.stringify(loaded))`
  const args = ['--conditions=source', '--input-type=module', '-e', script]
  const output = execFileSync(process.execPath, args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  const loaded: readonly string[] = JSON.parse(output)
  assert.ok(loaded.some((url) => url.endsWith('/guard.ts')))
  assert.deepEqual(
    loaded.filter((url) => url.includes('/node_modules/')),
    [],
  )
})
