import type { Buffer } from 'node:buffer'
import { decodeBase64url } from './base64url.ts'
import { createRecent } from '../recent.ts'
import { parseJsonObject, type JsonObject } from './json-object.ts'

/** Not a compact JWS that we can read without doubt. The text holds nothing of the token. */
export class MalformedJwt extends Error {
  override readonly name = 'MalformedJwt'
}

/** A JOSE header. `kid`, `jku`, `x5u` and the like are claims of a stranger: hints, never fetched. */
export interface JwtHeader {
  readonly alg: string
  readonly typ?: string
  readonly kid?: string
  readonly [member: string]: unknown
}

/** A JWT taken apart. Nothing in it is proved yet. */
export interface DecodedJwt {
  readonly header: JwtHeader
  readonly claims: JsonObject
  /** Header and payload as they were signed: ASCII. */
  readonly signingInput: string
  readonly signature: Buffer
}

/** Longer than any JWT of the profile, in characters. */
const LONGEST = 16_384

/** Extensions change what a header means, and we support none: a token that needs one is refused. */
const EXTENSIONS = ['crit', 'b64', 'zip'] as const

/** A sender writes the same header each time, and that of a proof holds its key. */
const headers = createRecent<JwtHeader>(2048)

/** With a key of 8,192 bits a header has 2,100 characters; what is longer is read anew each time. */
const LONGEST_REMEMBERED = 3072

/**
 * Takes a compact JWS with a JSON payload apart, and refuses whatever two readers could understand in
 * two ways. Encrypted JWTs, which have five parts, are refused.
 *
 * @throws MalformedJwt
 * @see RFC 7519 §7.2, RFC 8725 §3.7
 */
export function decodeJwt(token: string, maxLength: number = LONGEST): DecodedJwt {
  if (token.length > maxLength) throw new MalformedJwt(`longer than ${maxLength} characters`)
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1 || token.includes('.', second + 1)) {
    throw new MalformedJwt('a compact JWS has three parts')
  }
  return {
    header: readHeader(token.slice(0, first)),
    claims: decodeObject(token.slice(first + 1, second), 'payload'),
    signingInput: token.slice(0, second),
    signature: decodePart(token.slice(second + 1), 'signature'),
  }
}

/** The same text gives the same object, frozen, as long as it is remembered. */
function readHeader(part: string): JwtHeader {
  const known = headers.find(part)
  if (known !== undefined) return known
  const header = asHeader(decodeObject(part, 'header'))
  if (part.length <= LONGEST_REMEMBERED) headers.remember(part, freeze(header))
  return header
}

/** Whoever got the header before must not be able to change what the next one reads. */
function freeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) freeze(member)
  }
  return Object.freeze(value)
}

function decodeObject(part: string, name: string): JsonObject {
  const object = parseJsonObject(decodePart(part, name))
  if (typeof object === 'string') throw new MalformedJwt(`the ${name} is ${object}`)
  return object
}

function decodePart(part: string, name: string): Buffer {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) throw new MalformedJwt(`the ${name} is not canonical base64url`)
  return bytes
}

function asHeader(header: JsonObject): JwtHeader {
  const extension = EXTENSIONS.find((member) => Object.hasOwn(header, member))
  if (extension !== undefined) throw new MalformedJwt(`the header has ${extension}`)
  if (!isHeader(header)) throw new MalformedJwt('alg, typ or kid is not a string')
  return header
}

function isHeader(header: JsonObject): header is JwtHeader {
  const { alg, typ, kid } = header
  return (
    typeof alg === 'string' &&
    (typ === undefined || typeof typ === 'string') &&
    (kid === undefined || typeof kid === 'string')
  )
}

/** The media type a `typ` names, in the spelling we compare. @see RFC 7515 §4.1.9 */
export function mediaTypeOf(typ: string): string {
  const type = typ.toLowerCase()
  return type.startsWith('application/') ? type.slice('application/'.length) : type
}
