import { report } from './report.ts'
import { readSources, type Sources } from './sources.ts'

interface Locked {
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

const DEPENDENCIES = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
]
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/

/** Whatever would let another package in than the one that was reviewed, as a sentence. */
export function lockfileProblems(lockfile: string): readonly string[] {
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(lockfile)
  return Object.entries(packages).flatMap(([where, locked]) => {
    const problems: string[] = []
    const isInstalled = where.includes('node_modules/') && locked.link !== true
    if (isInstalled && locked.integrity === undefined) problems.push('has no integrity')
    if (locked.resolved?.includes(':'))
      problems.push(`names where it came from: ${locked.resolved}`)
    if (locked.hasInstallScript === true) problems.push('wants to run an install script')
    return problems.map((problem) => `package-lock.json: ${where} ${problem}`)
  })
}

/** Every dependency that is not pinned to one version, as a sentence. */
export function manifestProblems(manifests: Sources): readonly string[] {
  return [...manifests].flatMap(([file, text]) => {
    const manifest: Record<string, Record<string, string> | undefined> = JSON.parse(text)
    return DEPENDENCIES.flatMap((kind) => Object.entries(manifest[kind] ?? {}))
      .filter(([, version]) => !EXACT.test(version))
      .map(([name, version]) => `${file}: ${name} is not pinned: ${version}`)
  })
}

if (import.meta.main) {
  const lockfile = readSources(['package-lock.json']).get('package-lock.json') ?? '{}'
  const manifests = readSources([
    'package.json',
    '{packages,apps}/*/package.json',
    '{bench,e2e}/package.json',
  ])
  report([...lockfileProblems(lockfile), ...manifestProblems(manifests)])
}
