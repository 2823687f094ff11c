import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The text of files by their path from the root of the repository, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** The root of the repository. */
export const ROOT: string = path.dirname(import.meta.dirname)

const CODE = ['packages/*/src/**/*.ts', 'apps/**/*.ts', 'bench/**/*.ts', 'e2e/**/*.ts']
const NEVER = ['**/node_modules/**', '**/dist/**']

/** Reads the files that match, in a stable order; installed and built files never count. */
export function readSources(patterns: readonly string[], root: string = ROOT): Sources {
  const files = globSync([...patterns], { cwd: root, exclude: NEVER })
  return new Map(
    files
      .map((file) => file.split(path.sep).join('/'))
      .toSorted()
      .map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
  )
}

/** All product, example, bench and end-to-end code of the repository. */
export function readCode(): Sources {
  return readSources(CODE)
}

/** Whether a file is a test, or support for tests that a package exports from its `testing` folder. */
export function isForTests(file: string): boolean {
  return file.endsWith('.test.ts') || file.includes('/testing/')
}
