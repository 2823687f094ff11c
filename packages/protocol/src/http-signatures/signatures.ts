import { Buffer } from 'node:buffer'
import { fieldsOf } from '../fields.ts'
import { shown } from '../rules/shown.ts'
import { identityOf, type Component } from './components.ts'
import type { SignatureInput } from './signature-base.ts'
import {
  isInnerList,
  readDictionary,
  type BareItem,
  type Dictionary,
  type Parameters,
} from './structured-fields.ts'

/** A signature of a message, with all it says of itself. Nothing is proved yet. @see RFC 9421 §4 */
export interface MessageSignature {
  /** What it is called in its message. */
  readonly label: string
  readonly input: SignatureInput
  /** The identities of the components it covers. */
  readonly covers: ReadonlySet<string>
  readonly created: number | undefined
  readonly expires: number | undefined
  readonly alg: string | undefined
  readonly keyid: string | undefined
  readonly signature: Buffer
}

/** The signatures of a message that are meant for one purpose. */
export interface TaggedSignatures {
  readonly tag: string | undefined
  readonly signatures: readonly MessageSignature[]
  /** Why the fields cannot be understood, if they cannot. */
  readonly problem?: string
}

/** Whether the one signature covers this, and not only a member or another form of it. */
export function isCovered(
  each: Component,
  { signatures: [signature] }: Pick<TaggedSignatures, 'signatures'>,
): boolean {
  return signature?.covers.has(identityOf(each)) ?? false
}

const MOST_COMPONENTS = 64

/** The parameters we know, each with the type of its value; a signature with any other is not understood. */
const PARAMETERS: ReadonlyMap<string, 'number' | 'string'> = new Map([
  ['created', 'number'],
  ['expires', 'number'],
  ['nonce', 'string'],
  ['alg', 'string'],
  ['keyid', 'string'],
  ['tag', 'string'],
] as const)

/** The signatures with a tag, or without one. Those of others, for another purpose, need not be understood. @see RFC 9421 §3.2 */
export function readSignatures(headers: readonly string[], tag?: string): TaggedSignatures {
  const inputs = fieldsOf(headers, 'signature-input')
  const values = fieldsOf(headers, 'signature')
  const problem = (text: string): TaggedSignatures => ({ tag, signatures: [], problem: text })
  if (inputs.length + values.length === 0) return problem('no signature')
  const input = readDictionary(inputs)
  const value = readDictionary(values)
  if (input === undefined) return problem('a malformed Signature-Input')
  if (value === undefined) return problem('a malformed Signature')
  if (input.size !== value.size || ![...input.keys()].every((label) => value.has(label))) {
    return problem('other labels in Signature-Input than in Signature')
  }
  const labels = [...input].filter(([, member]) => member[1].get('tag') === tag)
  const read = labels.map(([label]) => readSignature(label, input, value))
  const signatures = read.filter((each) => typeof each !== 'string')
  const [first] = read.filter((each) => typeof each === 'string')
  return first === undefined ? { tag, signatures } : problem(first)
}

/** A signature, or why it is not understood. */
function readSignature(
  label: string,
  inputs: Dictionary,
  values: Dictionary,
): MessageSignature | string {
  const member = inputs.get(label)
  const value = values.get(label)?.[0]
  if (member === undefined || !isInnerList(member)) return 'a Signature-Input that is no list'
  if (!(value instanceof ArrayBuffer)) return 'a Signature that is no byte sequence'
  const [items, parameters] = member
  if (items.length > MOST_COMPONENTS) return `${items.length} components`
  const components: Component[] = items.flatMap(([name, own]) =>
    typeof name === 'string' ? [{ name, parameters: own }] : [],
  )
  if (components.length < items.length) return 'a component that is no string'
  const unknown = [...parameters].find(([name, each]) => !isKnown(name, each))
  if (unknown !== undefined) return `parameter ${shown(unknown[0])}, unknown or of another type`
  return {
    label,
    input: { components, parameters },
    covers: new Set(components.map(identityOf)),
    created: numberOf(parameters, 'created'),
    expires: numberOf(parameters, 'expires'),
    alg: textOf(parameters, 'alg'),
    keyid: textOf(parameters, 'keyid'),
    signature: Buffer.from(value),
  }
}

function isKnown(name: string, value: BareItem): boolean {
  const type = PARAMETERS.get(name)
  return (
    type !== undefined && typeof value === type && (type === 'string' || Number.isInteger(value))
  )
}

function numberOf(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name)
  return typeof value === 'number' ? value : undefined
}

function textOf(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name)
  return typeof value === 'string' ? value : undefined
}
