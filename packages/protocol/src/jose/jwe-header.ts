import { shown } from '../rules/shown.ts'
import { decodeBase64url } from './base64url.ts'
import { mediaTypeOf } from './decode.ts'
import {
  isContentEncryption,
  isKeyManagement,
  type ContentEncryption,
  type KeyManagement,
} from './encryption-algorithms.ts'
import { parseJsonObject, type JsonObject } from './json-object.ts'
import { Undecryptable } from './undecryptable.ts'

/** What the header of a nested JWT says of how to decrypt it: hints of a stranger. */
export interface JweHeader {
  readonly alg: KeyManagement
  readonly enc: ContentEncryption
  readonly kid: string | undefined
}

/**
 * Members that make work or change what the rest means: a small `zip` can be large inside, and `p2c` says how long to
 * derive a key from a password.
 *
 * @see RFC 7516 §4.1.3 and §4.1.13, RFC 7518 §4.8.1, RFC 8725 §3.6
 */
const UNSUPPORTED = ['crit', 'zip', 'p2c', 'p2s'] as const

/** @throws Undecryptable unless it is the header of a nested JWT, in algorithms of ours. */
export function readJweHeader(part: string): JweHeader {
  const header = parseHeader(part)
  const unsupported = UNSUPPORTED.find((member) => Object.hasOwn(header, member))
  if (unsupported !== undefined) throw new Undecryptable(`the header has ${unsupported}`)
  const { alg, enc, cty, kid } = header
  if (!isKeyManagement(alg)) throw new Undecryptable(`alg is ${shown(alg)}`)
  if (!isContentEncryption(enc)) throw new Undecryptable(`enc is ${shown(enc)}`)
  if (!namesJwt(cty)) throw new Undecryptable(`cty is ${shown(cty)}, not JWT`)
  if (kid !== undefined && typeof kid !== 'string') throw new Undecryptable('kid is not a string')
  return { alg, enc, kid }
}

function parseHeader(part: string): JsonObject {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) throw new Undecryptable('the header is not canonical base64url')
  const header = parseJsonObject(bytes)
  if (typeof header === 'string') throw new Undecryptable(`the header is ${header}`)
  return header
}

/** It must be there for a nested JWT, says RFC 7519 §5.2, yet there are those who leave it out. */
function namesJwt(cty: unknown): boolean {
  return cty === undefined || (typeof cty === 'string' && mediaTypeOf(cty) === 'jwt')
}
