/**
 * A password hash of Argon2id as it is kept, in PHC string format. Only version 19 (1.3) exists here.
 *
 * @see RFC 9106; https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
 */
export interface PasswordHash extends Argon2Cost {
  readonly salt: Buffer
  readonly hash: Buffer
}

export interface Argon2Cost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/** Whoever can write hashes into the store shall not be able to stop the server with one. */
const MOST_MEMORY = 1_048_576

/** @throws TypeError when it is anything else than Argon2id as this server can compute it. */
export function parsePasswordHash(phc: string): PasswordHash {
  const [, m, t, p, salt = '', hash = ''] = PHC.exec(phc) ?? []
  const [memory, passes, parallelism] = [Number(m), Number(t), Number(p)]
  if (!(memory >= 8 * parallelism && memory <= MOST_MEMORY)) {
    throw new TypeError('a password_hash must be $argon2id$v=19$m=…,t=…,p=…$salt$hash')
  }
  return { memory, passes, parallelism, salt: decode(salt), hash: decode(hash) }
}

export function formatPasswordHash(parts: PasswordHash): string {
  const { memory, passes, parallelism, salt, hash } = parts
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(hash)}`
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
