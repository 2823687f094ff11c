import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

/** The packages that one needs, and those that they need. */
function needsOf(manifest: string, found: Set<string> = new Set()): ReadonlySet<string> {
  const { dependencies = {} }: { dependencies?: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(manifest, 'utf8'),
  )
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue
    found.add(name)
    const [folder] = (createRequire(manifest).resolve.paths(name) ?? []).flatMap((modules) => {
      const candidate = `${modules}/${name}/package.json`
      return candidate.includes('/node_modules/') && exists(candidate) ? [candidate] : []
    })
    if (folder !== undefined) needsOf(folder, found)
  }
  return found
}

function exists(file: string): boolean {
  try {
    readFileSync(file)
    return true
  } catch {
    return false
  }
}

test('importing the guard pulls in no framework, only what the protocol itself needs', () => {
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
  const packages = loaded.flatMap(
    (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
  )
  const needed = needsOf(`${import.meta.dirname}/../../protocol/package.json`)
  assert.deepEqual(
    [...new Set(packages)].filter((name) => !needed.has(name)),
    [],
  )
})
