import type { z } from 'zod'
import { suggest } from './suggest.ts'
import { configSchema, jsonSchema } from './schema.ts'

/** A configuration that cannot be used; every problem at once, each a line that says where and what. */
export class InvalidConfig extends Error {
  readonly problems: readonly string[]

  constructor(source: string, problems: readonly string[]) {
    super(`${source} cannot be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`)
    this.name = 'InvalidConfig'
    this.problems = problems
  }
}

/** What zod found with `schema`, as lines for a person; an unknown key comes with the known one most like it. */
export function problemsOf(error: z.ZodError, schema: z.ZodType = configSchema): readonly string[] {
  const root = jsonSchema(schema)
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`${place(issue.path)}: ${said(issue.message)}`]
    return issue.keys.map((key) => unknownKey([...issue.path, key], root))
  })
}

function said(message: string): string {
  return message.endsWith('received undefined') ? 'required' : message
}

function unknownKey(path: readonly PropertyKey[], root: Node): string {
  const suggestion = suggest(String(path.at(-1)), knownKeys(path.slice(0, -1), root))
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return `${place(path)}: unknown key${hint}`
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : path.map(String).join('.')
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
}

/** The keys the schema knows at a place. */
function knownKeys(path: readonly PropertyKey[], root: Node): readonly string[] {
  let node: Node | undefined = root
  for (const step of path) node = node && below(node, step)
  return Object.keys(node?.properties ?? {})
}

function below(node: Node, step: PropertyKey): Node | undefined {
  if (typeof step === 'number') return node.items
  const named = node.properties?.[String(step)]
  if (named !== undefined) return named
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
}
