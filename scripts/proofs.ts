import { parseSync, Visitor, type CallExpression, type Node } from 'oxc-parser'
import { loopOf, readTable, variablesOf, type Loop, type Tables } from './tables.ts'

/** What a test file promises, and every whole string in it. */
export interface Proofs {
  /**
   * The titles of the tests and suites that run, with the keys of the table where they are made from one, and the ids
   * handed to `proveRule` and its like.
   */
  readonly titles: readonly string[]
  readonly literals: readonly string[]
}

const NAMES = new Set(['test', 'it', 'describe', 'suite'])
const NOT_RUN = new Set(['skip', 'todo'])

/**
 * Reads the titles of a test file. A test that is skipped or still to do proves nothing and is left out; so is the part
 * of a title that is computed, unless it is the key of a table above it.
 */
export function proofsOf(file: string, text: string): Proofs {
  const titles: string[] = []
  const literals: string[] = []
  const tables: Tables = new Map()
  const loops: Loop[] = []
  new Visitor({
    VariableDeclarator: (declared) => readTable(declared, tables),
    ForOfStatement: (each) => {
      const loop = loopOf(each, tables)
      if (loop !== undefined) loops.push(loop)
    },
    CallExpression: (call) => titles.push(...titlesOf(call), ...keysIn(call, loops)),
    Literal: ({ value }) => {
      if (typeof value === 'string') literals.push(value)
    },
  }).visit(parseSync(file, text).program)
  return { titles, literals }
}

function titlesOf({ callee, arguments: given }: CallExpression): readonly string[] {
  if (callee.type === 'Identifier' && callee.name.startsWith('prove')) return given.map(textOf)
  const [title] = given
  return title && runs({ callee, arguments: given }) ? [textOf(title)] : []
}

/** The keys that a title takes in turn, in a loop around its test. */
function keysIn(call: CallExpression, loops: readonly Loop[]): readonly string[] {
  const [title] = call.arguments
  if (title === undefined || !runs(call)) return []
  const variables = variablesOf(title)
  return loops
    .filter(({ start, end }) => start < call.start && call.end <= end)
    .flatMap(({ variable, keys }) => (variables.includes(variable) ? keys : []))
}

function runs({
  callee,
  arguments: [, options],
}: Pick<CallExpression, 'callee' | 'arguments'>): boolean {
  return NAMES.has(calledName(callee)) && !(options && setsAside(options))
}

/** The function a call ends up in: `test` for `test(…)`, `t.test(…)` and `test.only(…)`, but not for `test.skip(…)`. */
function calledName(callee: Node): string {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return ''
  const { name } = callee.property
  if (NAMES.has(name)) return name
  return NOT_RUN.has(name) ? '' : calledName(callee.object)
}

function setsAside(options: Node): boolean {
  if (options.type !== 'ObjectExpression') return false
  return options.properties.some(
    (property) =>
      property.type === 'Property' &&
      property.key.type === 'Identifier' &&
      NOT_RUN.has(property.key.name),
  )
}

function textOf(node: Node): string {
  if (node.type === 'Literal') return String(node.value)
  if (node.type !== 'TemplateLiteral') return ''
  return node.quasis.map(({ value }) => value.cooked).join('\u2026')
}
