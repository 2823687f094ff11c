import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { modes } from './bench.ts'
import { phases } from './contract.ts'
import type { GuardSummary } from './guard.ts'
import type { Summary } from './report.ts'

type Figures = Summary & { readonly guard: GuardSummary }

const run = promisify(execFile)
const script = fileURLToPath(new URL('./run.ts', import.meta.url))
const bench = (...options: readonly string[]): ReturnType<typeof run> =>
  run(process.execPath, ['--conditions=source', script, ...options])

test('a tiny bench drives every mode through right answers only and writes its figures', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = join(directory, 'figures.json')

  await bench('--flows', '3', '--rounds', '1', '--json', file)

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what follows proves the shape
  const { flow, client_credentials, endpoints, guard } = JSON.parse(
    await readFile(file, 'utf8'),
  ) as Figures
  assert.deepEqual(
    Object.keys(flow),
    modes.map((mode) => `${mode}_us`),
  )
  for (const mode of modes) {
    assert.ok((flow[`${mode}_us`] ?? 0) > 0, mode)
    assert.deepEqual(Object.keys(endpoints[mode] ?? {}), [...phases])
  }
  assert.deepEqual(Object.keys(client_credentials), ['memory_us', 'sqlite_us', 'peer_us'])
  assert.ok(Object.values(client_credentials).every((cost) => cost > 0))
  assert.deepEqual(Object.keys(guard), ['check_us', 'cached_us', 'peer_us', 'verify_us'])
  assert.ok(Object.values(guard).every((cost) => cost > 0))
  assert.ok((flow['peer_us'] ?? 0) > (flow['floor_us'] ?? 0), 'nobody is below the floor')
})

test('a mode nobody knows is refused, and so is a number that is none', async () => {
  await assert.rejects(bench('--only', 'floor,memcached'), /--only takes .*, not memcached/)
  await assert.rejects(bench('--flows', '0'), /--flows takes a number above 0/)
})
