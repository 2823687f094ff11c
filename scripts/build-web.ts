import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './sources.ts'

/** A browser app of the repository, and what its files are made from. */
interface WebApp {
  /** The folder with `vite.config.ts`; what is built is in its `dist`. */
  readonly folder: string
  /** Whatever changes the result. */
  readonly sources: readonly string[]
}

const BANK: WebApp = {
  folder: 'apps/bank/web',
  sources: [
    'apps/bank/web/{index.html,vite.config.ts}',
    'apps/bank/web/{src,public}/**',
    'apps/bank/{package,tsconfig}.json',
    'package-lock.json',
  ],
}

/**
 * Builds the app of the bank if its sources are not those of the last build, and says so.
 *
 * @returns whether there was anything to do
 */
export async function buildWeb(root: string = ROOT, app: WebApp = BANK): Promise<boolean> {
  const built = path.join(root, app.folder, 'dist')
  const stamp = path.join(built, '.built-from')
  const digest = digestOf(root, app.sources)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false
  process.stdout.write(`building ${app.folder}\n`)
  const { build } = await import('vite')
  await build({ configFile: path.join(root, app.folder, 'vite.config.ts') })
  writeFileSync(stamp, digest)
  return true
}

/** Of names and contents, so that neither a checkout nor a copy counts as a change. */
function digestOf(root: string, patterns: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of globSync([...patterns], { cwd: root }).toSorted()) {
    const full = path.join(root, file)
    if (!statSync(full).isFile() || file.endsWith('.test.ts')) continue
    const text = readFileSync(full)
    hash.update(`${file.split(path.sep).join('/')} ${text.length}\n`).update(text)
  }
  return hash.digest('hex')
}

if (import.meta.main) await buildWeb()
