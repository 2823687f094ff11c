import { readFileSync } from 'node:fs'
import { jsonSchema } from './schema.ts'
import { suggest } from './suggest.ts'

const PREFIX = 'SIGNET_'

interface Node {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Node>>
}

/** A setting that the environment can give: one value, not a list. */
export interface Variable {
  /** `SIGNET_LISTEN_PORT` */
  readonly name: string
  /** `['listen', 'port']` */
  readonly path: readonly string[]
  readonly type: string
}

/** Every setting the environment can give, by the schema. */
export function variables(
  node: Node = jsonSchema(),
  path: readonly string[] = [],
): readonly Variable[] {
  const own = Object.entries(node.properties ?? {}).filter(([name]) => !name.startsWith('$'))
  return own.flatMap(([name, child]): readonly Variable[] => {
    const here = [...path, name]
    if (child.type === 'object') return variables(child, here)
    if (child.type === 'array' || child.type === undefined) return []
    return [{ name: PREFIX + here.join('_').toUpperCase(), path: here, type: child.type }]
  })
}

/**
 * Lays the environment over a file: `SIGNET_LISTEN_PORT` over `listen.port`; `SIGNET_…_FILE` names a file with the value.
 *
 * @returns the merged configuration, and what is wrong with the environment.
 */
export function withEnvironment(
  file: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly merged: unknown; readonly problems: readonly string[] } {
  const known = new Map(variables().map((variable) => [variable.name, variable]))
  const problems: string[] = []
  const merged: unknown = structuredClone(file)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || RESERVED.has(name)) continue
    const fromFile = !known.has(name) && name.endsWith('_FILE')
    const variable = known.get(fromFile ? name.slice(0, -'_FILE'.length) : name)
    if (variable === undefined) problems.push(unknownVariable(name, [...known.keys()]))
    else if (fromFile && environment[variable.name] !== undefined)
      problems.push(`${name}: ${variable.name} is set too; set one of them`)
    else place(merged, variable, valueOf(name, { environment, fromFile, problems }))
  }
  return { merged, problems }
}

/** Read by the CLI itself. */
const RESERVED: ReadonlySet<string> = new Set(['SIGNET_CONFIG'])

function unknownVariable(name: string, known: readonly string[]): string {
  const suggestion = suggest(name, known)
  return `${name}: unknown variable${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`
}

function valueOf(
  name: string,
  {
    environment,
    fromFile,
    problems,
  }: {
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly fromFile: boolean
    readonly problems: string[]
  },
): string {
  const value = environment[name] ?? ''
  if (!fromFile) return value
  try {
    return readFileSync(value, 'utf8').trim()
  } catch {
    problems.push(`${name}: ${value} cannot be read`)
    return ''
  }
}

function place(target: unknown, { path, type }: Variable, value: string): void {
  let node = target
  for (const [depth, step] of path.entries()) {
    if (!isRecord(node)) return
    if (depth === path.length - 1) node[step] = typed(value, type)
    else node = node[step] ??= {}
  }
}

function typed(value: string, type: string): unknown {
  if (type === 'integer' || type === 'number') return /^-?\d+$/.test(value) ? Number(value) : value
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
