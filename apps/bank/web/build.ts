/** Builds the app of the bank if its sources are not those of the last build: `npm start` and the tests call it first. */
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'vite'

const ROOT = path.join(import.meta.dirname, '../../..')
const STAMP = path.join(import.meta.dirname, 'dist', '.built-from')

/** Whatever changes the result. */
const SOURCES = [
  'apps/bank/web/{index.html,*.ts}',
  'apps/bank/web/{src,public}/**',
  'apps/bank/{package,tsconfig}.json',
  'tsconfig.base.json',
  'package-lock.json',
]

const digest = digestOf(SOURCES)
if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== digest) {
  process.stdout.write('building apps/bank/web\n')
  await build({ configFile: path.join(import.meta.dirname, 'vite.config.ts') })
  writeFileSync(STAMP, digest)
}

/** Of names and contents, so that neither a checkout nor a copy counts as a change. */
function digestOf(patterns: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of globSync([...patterns], { cwd: ROOT }).toSorted()) {
    const full = path.join(ROOT, file)
    if (!statSync(full).isFile() || file.endsWith('.test.ts')) continue
    const content = readFileSync(full)
    hash.update(`${file.split(path.sep).join('/')} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}
