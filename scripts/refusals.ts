import { globSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync, Visitor, type Argument, type NewExpression } from 'oxc-parser'
import { ROOT, type Sources } from './sources.ts'

/** One way in which the product refuses something, and where it says so. */
export interface KnownRefusal {
  readonly file: string
  /** The requirement it enforces. */
  readonly id: string
  readonly reason: string
  /** The OAuth error code, as far as it can be told. */
  readonly error: string
  /** The obligation, to be read after "The server …"; of a refusal that is no rule, what the caller is told. */
  readonly says: string
  readonly remedy: string
}

interface RuleData {
  readonly id: string
  readonly reason: string
  readonly says: string
  readonly remedy: string
  readonly otherwise: { readonly error: string }
}

/** Loads every rule list: the exported values named `…Rules` of the files named `….rules.ts`, in order. */
export async function loadRules(root: string = ROOT): Promise<readonly KnownRefusal[]> {
  const files = globSync('packages/*/src/**/*.rules.ts', { cwd: root }).toSorted()
  const found = files.map(async (file) => {
    const exported: object = await import(pathToFileURL(path.join(root, file)).href)
    return Object.entries(exported)
      .filter(([name]) => name.endsWith('Rules'))
      .flatMap(([, rules]) => rulesOf(rules).map((rule) => describe(file, rule)))
  })
  return (await Promise.all(found)).flat()
}

function rulesOf(exported: unknown): readonly RuleData[] {
  return Array.isArray(exported) ? exported : []
}

function describe(file: string, rule: RuleData): KnownRefusal {
  const { id, reason, says, remedy, otherwise } = rule
  return { file, id, reason, says, remedy, error: otherwise.error }
}

/**
 * Finds the refusals that are no rules, because only a store or a signature could tell: every `new Refused(…)` whose
 * evidence is written in place.
 */
export function thrownRefusals(code: Sources): readonly KnownRefusal[] {
  return [...code].flatMap(([file, text]) => {
    if (file.endsWith('.test.ts') || !text.includes('new Refused(')) return []
    const found: KnownRefusal[] = []
    new Visitor({
      NewExpression: (made) => {
        const refusal = refusalOf(file, made)
        if (refusal) found.push(refusal)
      },
    }).visit(parseSync(file, text).program)
    return found
  })
}

function refusalOf(
  file: string,
  { callee, arguments: given }: NewExpression,
): KnownRefusal | undefined {
  if (callee.type !== 'Identifier' || callee.name !== 'Refused') return undefined
  const { id, reason, remedy } = membersOf(given[1])
  if (id === undefined || reason === undefined || remedy === undefined) return undefined
  const [error, says] = answerOf(given[0])
  return { file, id, reason, remedy, error, says }
}

/** What `refusal('invalid_grant', 'the code is …')`, or a shorthand named after the code, tells the caller. */
function answerOf(node: Argument | undefined): readonly [error: string, says: string] {
  if (node?.type !== 'CallExpression' || node.callee.type !== 'Identifier') return ['', '']
  const texts = node.arguments.map(textOf)
  const shorthand = node.callee.name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const [error = '', description = ''] = shorthand === 'refusal' ? texts : [shorthand, texts[0]]
  return [error, description && `says: ${description}`]
}

/** The members of an object literal that are plain strings. */
function membersOf(node: Argument | undefined): Readonly<Record<string, string | undefined>> {
  if (node?.type !== 'ObjectExpression') return {}
  return Object.fromEntries(
    node.properties.flatMap((property) =>
      property.type === 'Property' && property.key.type === 'Identifier'
        ? [[property.key.name, textOf(property.value)]]
        : [],
    ),
  )
}

function textOf(node: { readonly type: string; readonly value?: unknown }): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}
