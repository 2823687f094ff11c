import {
  parseDictionary,
  serializeInnerList,
  serializeItem,
  type InnerList as ParsedInnerList,
  type Item as ParsedItem,
} from 'structured-headers'

// Types of our own, so that whoever uses this package need not know the library.

/** A number, a text, a boolean, or an object: bytes (`ArrayBuffer`), a token, a date. @see RFC 9651 §3.3 */
export type BareItem = number | string | boolean | object
/** In the order of the wire. */
export type Parameters = ReadonlyMap<string, BareItem>
export type Item = readonly [BareItem, Parameters]
export type InnerList = readonly [readonly Item[], Parameters]
export type Dictionary = ReadonlyMap<string, Item | InnerList>

/** More than any signature needs, in characters. */
const LONGEST = 16_384

/** Of a valid dictionary, only what stands in quotes may hold a comma that ends no member. */
const QUOTED = /%"[^"]*"|"(?:[^"\\]|\\.)*"/g

/**
 * Reads a dictionary from all lines of its field.
 *
 * @returns undefined for what is malformed, too long, or has a key that occurs twice: parsers would keep one of them.
 * @see RFC 9651 §4.2.2
 */
export function readDictionary(fields: readonly string[]): Dictionary | undefined {
  const text = fields.join(', ')
  if (text.length > LONGEST) return undefined
  const dictionary = parsed(text)
  if (dictionary === undefined || dictionary.size === 0) return dictionary
  return text.replaceAll(QUOTED, '').split(',').length === dictionary.size ? dictionary : undefined
}

function parsed(text: string): Dictionary | undefined {
  try {
    return parseDictionary(text)
  } catch {
    return undefined
  }
}

export function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0])
}

/** @see RFC 9651 §4.1.3 */
export function serialiseItem(item: Item): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is in it was parsed, or is text; nothing is changed
  return serializeItem(item as ParsedItem)
}

/** @see RFC 9651 §4.1.1.1 */
export function serialiseInnerList(list: InnerList): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is in it was parsed, or is text; nothing is changed
  return serializeInnerList(list as unknown as ParsedInnerList)
}

/** @see RFC 9651 §4.1.8 */
export function serialiseBytes(bytes: Uint8Array): string {
  return serializeItem(bytes)
}
