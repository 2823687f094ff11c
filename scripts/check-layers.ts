import { isBuiltin } from 'node:module'
import path from 'node:path'
import { importsOf } from './imports.ts'
import { report } from './report.ts'
import { isForTests, readCode, readSources, type Sources } from './sources.ts'

/** Which packages each package may import. Arrows point downward only. @see docs/adr and the table in CONTRIBUTING.md */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  engine: ['protocol'],
  guard: ['protocol'],
  bff: ['protocol'],
  store: ['protocol', 'engine', 'guard', 'bff'],
  server: ['protocol', 'engine', 'store', 'bff'],
}

/** Packages that decide without sockets, disk, clock or dice, and the parts of Node they may use. */
const PURE = new Set(['protocol', 'engine', 'guard'])
/** Where a pure package meets the world. */
const OUTSIDE = /^packages\/guard\/src\/(?:io|adapters)\//
const PURE_BUILTINS = new Set(['node:crypto', 'node:buffer'])

const SCOPE = '@signet/'

/** One import, and the place it stands in. */
interface Import {
  readonly file: string
  /** The folder of the package or top-level folder the file belongs to: `packages/engine`, `e2e`. */
  readonly home: string
  readonly target: string
}

/** The subpaths each package exports, by package name: `@signet/engine` → `.`, `./testing`. */
export type Exports = ReadonlyMap<string, ReadonlySet<string>>

/** Every import that crosses a wall of the house, as a sentence. */
export function layerProblems(sources: Sources, exports: Exports): readonly string[] {
  return [...sources].flatMap(([file, text]) =>
    importsOf(file, text).flatMap((target) => {
      if (target === undefined) return isForTests(file) ? [] : [`${file} imports a computed name`]
      const problem = problemOf({ file, home: homeOf(file), target }, exports)
      return problem === undefined ? [] : [`${file} imports ${target}: ${problem}`]
    }),
  )
}

function problemOf(found: Import, exports: Exports): string | undefined {
  if (found.target.startsWith('.')) return relativeProblem(found)
  if (isBuiltin(found.target)) return builtinProblem(found)
  if (found.target.startsWith(SCOPE)) return packageProblem(found, exports)
  return undefined
}

function relativeProblem({ file, home, target }: Import): string | undefined {
  const to = path.posix.join(path.posix.dirname(file), target)
  return to.startsWith(`${home}/`) ? undefined : `a relative import may not leave ${home}`
}

function builtinProblem({ file, home, target }: Import): string | undefined {
  if (!target.startsWith('node:')) return `write node:${target}`
  if (!PURE.has(packageOf(home)) || isForTests(file) || OUTSIDE.test(file)) return undefined
  if (PURE_BUILTINS.has(target)) return undefined
  return `${packageOf(home)} may use only ${[...PURE_BUILTINS].join(' and ')} of Node`
}

function packageProblem({ file, home, target }: Import, exports: Exports): string | undefined {
  const [name = '', ...rest] = target.slice(SCOPE.length).split('/')
  const subpaths = exports.get(`${SCOPE}${name}`)
  if (!(name in LAYERS) || subpaths === undefined) return 'nobody imports that'
  const subpath = ['.', ...rest].join('/')
  if (!subpaths.has(subpath)) return `${SCOPE}${name} exports no ${subpath}`
  const from = packageOf(home)
  if (from !== name) return layerProblem(from, name)
  return isForTests(file) ? undefined : 'import inside a package by relative path'
}

function layerProblem(from: string, name: string): string | undefined {
  const below = LAYERS[from] ?? []
  if (from === '' || below.includes(name)) return undefined
  return `${from} may import ${below.join(', ') || 'no other package'}`
}

/** The package, app or top-level folder a file belongs to. */
function homeOf(file: string): string {
  const deep = /^(?:packages|apps)\//.test(file)
  return file
    .split('/')
    .slice(0, deep ? 2 : 1)
    .join('/')
}

/** The short name of a package of the product; nothing for what only composes packages. */
function packageOf(home: string): string {
  return home.startsWith('packages/') ? home.slice('packages/'.length) : ''
}

/** Reads what each package of the repository exports. */
export function readExports(manifests: Sources): Exports {
  return new Map(
    [...manifests.values()].map((text) => {
      const manifest: { name: string; exports?: object } = JSON.parse(text)
      return [manifest.name, new Set(Object.keys(manifest.exports ?? {}))]
    }),
  )
}

if (import.meta.main) {
  report(layerProblems(readCode(), readExports(readSources(['packages/*/package.json']))))
}
