import type { CallExpression, ForOfStatement, Node, VariableDeclarator } from 'oxc-parser'

/** A loop over a table of cases: `for (const [title, …] of Object.entries(cases))`. */
export interface Loop {
  /** What stands for the key of a case. */
  readonly variable: string
  readonly keys: readonly string[]
  readonly start: number
  readonly end: number
}

/** The tables of a file by their names, as far as they were read: `const cases = { 'refuses x': … }`. */
export type Tables = Map<string, readonly string[]>

export function readTable({ id, init }: VariableDeclarator, tables: Tables): void {
  if (id.type !== 'Identifier' || init === null) return
  const keys = keysOf(init)
  if (keys !== undefined) tables.set(id.name, keys)
}

/** A loop over a table that was read before; undefined for any other. */
export function loopOf(loop: ForOfStatement, tables: Tables): Loop | undefined {
  const variable = firstOf(loop.left)
  const table = loop.right.type === 'CallExpression' ? entriesOf(loop.right) : undefined
  const keys = table && (table.type === 'Identifier' ? tables.get(table.name) : keysOf(table))
  if (variable === undefined || keys === undefined) return undefined
  const { start, end } = loop
  return { variable, keys, start, end }
}

/** The names that a title is made of: `title` in `test(title, …)` and in `${title} is refused`. */
export function variablesOf(title: Node): readonly string[] {
  if (title.type === 'Identifier') return [title.name]
  if (title.type !== 'TemplateLiteral') return []
  return title.expressions.flatMap(variablesOf)
}

function firstOf(left: Node): string | undefined {
  const pattern = left.type === 'VariableDeclaration' ? left.declarations[0]?.id : undefined
  const first = pattern?.type === 'ArrayPattern' ? pattern.elements[0] : undefined
  return first?.type === 'Identifier' ? first.name : undefined
}

/** What `Object.entries` is called with. */
function entriesOf({ callee, arguments: [given] }: CallExpression): Node | undefined {
  const isEntries =
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'Object' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === 'entries'
  return isEntries ? given : undefined
}

function keysOf(node: Node): readonly string[] | undefined {
  if (node.type === 'TSAsExpression' || node.type === 'TSSatisfiesExpression') {
    return keysOf(node.expression)
  }
  if (node.type !== 'ObjectExpression') return undefined
  return node.properties.flatMap((property) => {
    if (property.type !== 'Property' || property.computed) return []
    return property.key.type === 'Literal' ? [String(property.key.value)] : []
  })
}
