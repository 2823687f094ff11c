import { readFileSync } from 'node:fs'
import { SERVER_FILE, type Format } from './format.ts'
import { jsonSchema } from './schema.ts'
import { suggest } from './suggest.ts'

/** Variables by their names. */
export type Environment = Readonly<Record<string, string | undefined>>

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
export function variables({ schema, prefix }: Format = SERVER_FILE): readonly Variable[] {
  return settingsIn(jsonSchema(schema), []).map(({ path, type }) => ({
    name: prefix + path.join('_').toUpperCase(),
    path,
    type,
  }))
}

function settingsIn(node: Node, path: readonly string[]): readonly Omit<Variable, 'name'>[] {
  const own = Object.entries(node.properties ?? {}).filter(([name]) => !name.startsWith('$'))
  return own.flatMap(([name, child]) => {
    const here = [...path, name]
    if (child.type === 'object') return settingsIn(child, here)
    if (child.type === 'array' || child.type === undefined) return []
    return [{ path: here, type: child.type }]
  })
}

/**
 * Lays the environment over a file: `SIGNET_LISTEN_PORT` over `listen.port`; `SIGNET_…_FILE` names a file with the value.
 *
 * @returns the merged configuration, and what is wrong with the environment.
 */
export function withEnvironment(
  file: unknown,
  environment: Environment,
  format: Format = SERVER_FILE,
): { readonly merged: unknown; readonly problems: readonly string[] } {
  const known = new Map(variables(format).map((variable) => [variable.name, variable]))
  const problems: string[] = []
  const merged: unknown = structuredClone(file)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(format.prefix) || format.foreign.test(name)) continue
    const fromFile = !known.has(name) && name.endsWith('_FILE')
    const variable = known.get(fromFile ? name.slice(0, -'_FILE'.length) : name)
    if (variable === undefined)
      problems.push(unknownVariable(name, format.prefix, [...known.keys()]))
    else if (fromFile && environment[variable.name] !== undefined)
      problems.push(`${name}: ${variable.name} is set too; set one of them`)
    else place(merged, variable, valueOf(name, { environment, fromFile, problems }))
  }
  return { merged, problems }
}

/** What all names share says nothing about how alike they are. */
function unknownVariable(name: string, prefix: string, known: readonly string[]): string {
  const own = known.map((each) => each.slice(prefix.length))
  const suggestion = suggest(name.slice(prefix.length), own)
  const hint = suggestion === undefined ? '' : `; did you mean ${prefix}${suggestion}?`
  return `${name}: unknown variable${hint}`
}

function valueOf(
  name: string,
  {
    environment,
    fromFile,
    problems,
  }: {
    readonly environment: Environment
    readonly fromFile: boolean
    readonly problems: string[]
  },
): string {
  const value = environment[name] ?? ''
  if (!fromFile) return value
  try {
    return readFileSync(value, 'utf8').trim()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    // Whoever mistook it has put the secret itself there.
    problems.push(`${name}: the file it names cannot be read (${reason})`)
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
