import { Buffer } from 'node:buffer'
import { fieldsOf } from '../fields.ts'
import { shown } from '../rules/shown.ts'
import { isResponse, type HttpMessage, type HttpRequest } from './message.ts'
import {
  isInnerList,
  readDictionary,
  serialiseBytes,
  serialiseInnerList,
  serialiseItem,
  type BareItem,
  type Parameters,
} from './structured-fields.ts'
import { queryParameter, targetOrigin, targetParts } from './target.ts'
import { UnsignableComponent } from './unsignable-component.ts'

/** Something that a signature covers: a field by its name in lower case, or a derived component. @see RFC 9421 §2 */
export interface Component {
  readonly name: string
  readonly parameters: Parameters
}

export function component(
  name: string,
  parameters: Readonly<Record<string, BareItem>> = {},
): Component {
  return { name, parameters: new Map(Object.entries(parameters)) }
}

/** As it stands in a signature base and in `Signature-Input`. */
export function serialiseComponent({ name, parameters }: Component): string {
  return serialiseItem([name, parameters])
}

/** The same for the same component, in whatever order its parameters are. */
export function identityOf({ name, parameters }: Component): string {
  const sorted = [...parameters].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return serialiseItem([name, new Map(sorted)])
}

const REQUEST_COMPONENTS: Readonly<Record<string, (request: HttpRequest) => string>> = {
  '@method': ({ method }) => method,
  '@target-uri': ({ targetUri }) => targetUri,
  '@authority': ({ targetUri }) => targetOrigin(targetUri).authority,
  '@scheme': ({ targetUri }) => targetOrigin(targetUri).scheme,
  '@request-target': ({ targetUri }) => {
    const { path, query } = targetParts(targetUri)
    return path + query
  },
  '@path': ({ targetUri }) => targetParts(targetUri).path,
  '@query': ({ targetUri }) => targetParts(targetUri).query || '?',
}

/** What a field line may hold: no control character, and a line break only where the line goes on. */
const FIELD_LINE = /^(?:[\t\x20-\x7E]|\r?\n[\t ])*$/
const DERIVED = /^[\x20-\x7E]*$/

/**
 * The value of a component in a message.
 *
 * @throws UnsignableComponent for a component that is unknown, has parameters that are unknown or do not fit, is not in the
 *   message, or has a value that is no printable ASCII. `sf` and `tr` are among the unknown: they need to know the type of a
 *   field, and its trailers.
 * @see RFC 9421 §2.5
 */
export function componentValue(asked: Component, message: HttpMessage): string {
  const { name } = asked
  checkParameters(asked)
  const source = sourceOf(asked, message)
  if (!name.startsWith('@')) return fieldValue(asked, source.headers)
  const value = derivedValue(asked, source)
  if (!DERIVED.test(value)) throw new UnsignableComponent(`${shown(name)} is not ASCII`)
  return value
}

function checkParameters({ name, parameters }: Component): void {
  for (const [parameter, value] of parameters) {
    if (!fits(name, parameter, value)) {
      throw new UnsignableComponent(`${shown(name)} with parameter ${shown(parameter)}`)
    }
  }
  if (parameters.has('bs') && parameters.has('key')) {
    throw new UnsignableComponent(`${shown(name)} with both bs and key`)
  }
}

function fits(name: string, parameter: string, value: BareItem): boolean {
  switch (parameter) {
    case 'req':
      return value === true
    case 'name':
      return name === '@query-param' && typeof value === 'string'
    case 'key':
      return !name.startsWith('@') && typeof value === 'string'
    case 'bs':
      return !name.startsWith('@') && value === true
    default:
      return false
  }
}

function sourceOf({ name, parameters }: Component, message: HttpMessage): HttpMessage {
  if (!parameters.has('req')) return message
  if (isResponse(message)) return message.request
  throw new UnsignableComponent(`${shown(name)} with req, in a request`)
}

function derivedValue({ name, parameters }: Component, source: HttpMessage): string {
  if (isResponse(source)) {
    if (name === '@status') return String(source.status)
  } else if (name === '@query-param') {
    const parameter = parameters.get('name')
    if (typeof parameter === 'string') return queryParameter(source.targetUri, parameter)
  } else if (Object.hasOwn(REQUEST_COMPONENTS, name)) {
    const value = REQUEST_COMPONENTS[name]?.(source)
    if (value !== undefined) return value
  }
  throw new UnsignableComponent(`${shown(name)}, which is no component of this message`)
}

/** @see RFC 9421 §2.1 */
function fieldValue({ name, parameters }: Component, headers: readonly string[]): string {
  const lines = fieldsOf(headers, name).map((line) => {
    if (FIELD_LINE.test(line)) return trimmed(line)
    throw new UnsignableComponent(`${shown(name)} is not ASCII`)
  })
  if (lines.length === 0) throw new UnsignableComponent(`${shown(name)} is not there`)
  if (parameters.has('bs')) {
    return lines.map((line) => serialiseBytes(Buffer.from(line, 'latin1'))).join(', ')
  }
  const key = parameters.get('key')
  return typeof key === 'string' ? memberValue(name, key, lines) : lines.join(', ')
}

/** A line without white space around it, and folded no more. */
function trimmed(line: string): string {
  return line
    .split('\n')
    .map((part) => part.trim())
    .join(' ')
}

/** @see RFC 9421 §2.1.2 */
function memberValue(name: string, key: string, lines: readonly string[]): string {
  const member = readDictionary(lines)?.get(key)
  if (member === undefined) throw new UnsignableComponent(`${shown(name)} has no such member`)
  return isInnerList(member) ? serialiseInnerList(member) : serialiseItem(member)
}
