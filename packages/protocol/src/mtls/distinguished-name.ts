import { Buffer, isUtf8 } from 'node:buffer'
import { AsnConvert } from '@peculiar/asn1-schema'
import { AttributeValue, type Name } from '@peculiar/asn1-x509'
import { attributeType, attributeTypeName } from './attribute-types.ts'

/** One attribute of a name. A value that is no character string is told by its DER, in hexadecimal digits. */
export type NameAttribute =
  { readonly type: string; readonly text: string } | { readonly type: string; readonly hex: string }

/** Relative distinguished names in the order of the certificate: what encloses comes first. @see RFC 5280 §4.1.2.4 */
export type DistinguishedName = readonly (readonly NameAttribute[])[]

const LONGEST = 2048

const PLAIN = String.raw`[^\0"+,;<>\\]`
const PAIR = String.raw`\\(?:[ "#+,;<=>\\]|[\dA-Fa-f]{2})`
const ATTRIBUTE = new RegExp(
  String.raw` *(?<type>[A-Za-z][\w-]*|[\d.]+) *=(?: *#(?<hex>(?:[\dA-Fa-f]{2})+) *|(?! *#)(?<text>(?:${PLAIN}|${PAIR})*))(?<end>[,+]|$)`,
  'gy',
)
const PIECES = /\\(?<hex>[\dA-Fa-f]{2})|\\(?<special>.)|(?<plain>[^\\]+)/gs

/** Signs that nobody sees, or that stand for what could not be read: no registered name holds one. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNREADABLE = /[\u0000-\u001F\u007F-\u009F\uFFFD]/

/**
 * Reads a distinguished name, in which what encloses comes last.
 *
 * @returns the name, or in words why it is none.
 * @see RFC 4514 §3
 */
export function parseDistinguishedName(text: string): DistinguishedName | string {
  if (text.length > LONGEST) return `longer than ${LONGEST} characters`
  const parts = [...text.matchAll(ATTRIBUTE)]
  const understood = parts.reduce((length, [part]) => length + part.length, 0)
  return parts.at(-1)?.groups?.['end'] === ''
    ? assemble(parts)
    : `not understood from character ${understood + 1} on`
}

function assemble(parts: readonly RegExpExecArray[]): DistinguishedName | string {
  const name: NameAttribute[][] = [[]]
  for (const { groups: { type = '', hex, text = '', end } = {} } of parts) {
    const attribute = hex === undefined ? readText(type, text) : readHex(type, hex)
    if (typeof attribute === 'string') return attribute
    name[0]?.push(attribute)
    if (end === ',') name.unshift([])
  }
  return name
}

/** Why a text cannot be the subject of a certificate; undefined if it can. */
export function distinguishedNameProblem(text: string): string | undefined {
  const name = parseDistinguishedName(text)
  return typeof name === 'string' ? name : undefined
}

/** The name of a certificate. @throws Error if a value is not what it says it is. */
export function readName(name: Name): DistinguishedName {
  return Array.from(name, (relative) =>
    Array.from(relative, ({ type, value }) => attributeOf(type, value)),
  )
}

/**
 * A text that two names share exactly if they are the same: attribute by attribute, whatever kind of string a value is, without
 * regard to case and to how many spaces there are. We fold no more than that: who is told apart without need is not let in.
 *
 * @see RFC 5280 §7.1, RFC 4517 §4.2.11, RFC 4518 §2
 */
export function canonicalName(name: DistinguishedName): string {
  return JSON.stringify(name.map((relative) => relative.map(canonicalAttribute).toSorted()))
}

/** The name as a client would register it. @see RFC 4514 §2 */
export function describeName(name: DistinguishedName): string {
  return name
    .map((relative) => relative.map(describeAttribute).join('+'))
    .toReversed()
    .join(',')
}

function readText(type: string, value: string): NameAttribute | string {
  const oid = attributeType(type)
  if (oid === undefined) return unknownType(type)
  const bytes = Buffer.concat([...value.matchAll(PIECES)].map(bytesOf))
  if (!isUtf8(bytes)) return `the value of ${type} is not UTF-8`
  return readable(type, { type: oid, text: bytes.toString('utf8') })
}

function bytesOf({ groups: { hex, special, plain } = {} }: RegExpExecArray): Buffer {
  return hex === undefined ? Buffer.from(special ?? plain ?? '', 'utf8') : Buffer.from(hex, 'hex')
}

function readHex(type: string, hex: string): NameAttribute | string {
  const oid = attributeType(type)
  if (oid === undefined) return unknownType(type)
  try {
    const value = AsnConvert.parse(Buffer.from(hex, 'hex'), AttributeValue)
    return readable(type, attributeOf(oid, value))
  } catch {
    return `the value of ${type} is not the encoding of anything`
  }
}

function readable(type: string, attribute: NameAttribute): NameAttribute | string {
  return 'text' in attribute && UNREADABLE.test(attribute.text)
    ? `the value of ${type} has a sign that cannot be read`
    : attribute
}

function unknownType(type: string): string {
  return `no attribute type is known as ${type}: write its object identifier`
}

function attributeOf(type: string, value: AttributeValue): NameAttribute {
  return value.anyValue === undefined
    ? { type, text: value.toString() }
    : { type, hex: Buffer.from(value.anyValue).toString('hex') }
}

function canonicalAttribute(attribute: NameAttribute): string {
  return 'text' in attribute
    ? `${attribute.type}=${fold(attribute.text)}`
    : `${attribute.type}#${attribute.hex}`
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/ +/g, ' ').replace(/^ | $/g, '')
}

function describeAttribute(attribute: NameAttribute): string {
  const name = attributeTypeName(attribute.type)
  if (!('text' in attribute)) return `${name}=#${attribute.hex}`
  const text = attribute.text.replace(/["+,;<>\\]|^[ #]| $/g, String.raw`\$&`)
  // oxlint-disable-next-line no-control-regex -- it is what is looked for
  return `${name}=${text.replace(/\u0000/g, String.raw`\00`)}`
}
