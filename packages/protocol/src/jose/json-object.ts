import { isUtf8, type Buffer } from 'node:buffer'
import { isObject } from './public-jwk.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Deeper than any claim we know of, and shallow enough that nothing recursive can overflow. */
const DEEPEST = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * Reads a JSON object that two readers cannot understand in two ways.
 *
 * @returns the object, or in words why it is none: not UTF-8, not an object, too deep, or with a member
 *   that occurs twice.
 * @see RFC 8725 §3.7, RFC 7519 §4
 */
export function parseJsonObject(bytes: Buffer): JsonObject | string {
  if (!isUtf8(bytes)) return 'not UTF-8'
  const text = bytes.toString('utf8')
  const value = parse(text)
  if (!isObject(value)) return 'not a JSON object'
  const read = countMembers(value, DEEPEST)
  if (read === undefined) return `nested deeper than ${DEEPEST} levels`
  // Of a member that is written twice, parsing keeps one.
  return read === countMembersWritten(text) ? value : 'an object with a member that occurs twice'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The members of a value and of all values in it; undefined if it is nested too deep. */
function countMembers(value: unknown, depth: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === 0) return undefined
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) {
    const within = countMembers(member, depth - 1)
    if (within === undefined) return undefined
    count += within
  }
  return count
}

/** In valid JSON each member has one colon outside of strings. */
function countMembersWritten(json: string): number {
  let count = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at)
    if (unit === COLON) count++
    else if (unit === QUOTE) at = endOfString(json, at)
  }
  return count
}

function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json.charCodeAt(at) !== QUOTE) {
    at += json.charCodeAt(at) === BACKSLASH ? 2 : 1
  }
  return at
}
