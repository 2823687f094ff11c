import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'

/** Thrown when something cannot be opened: another key, another owner, or altered. The text holds nothing of it. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
}

/** Keeps what is stored unreadable and in its place. */
export interface Seal {
  /** @param owner what the text belongs to: it opens nowhere else */
  close(text: string, owner: string): string
  /** @throws SealBroken */
  open(sealed: string, owner: string): string
}

export interface SealOptions {
  /** 32 bytes each: the first closes, all open. */
  readonly keys: readonly Uint8Array[]
  /** Unpredictable bytes. */
  readonly random: (bytes: number) => Buffer
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM with a new nonce for each text. To rotate the key, put a new one in front and keep the old one until what it
 * closed has expired: everything that is written is closed with the first.
 *
 * @throws TypeError if a key is not 32 bytes long.
 * @see NIST SP 800-38D
 */
export function createSeal({ keys, random }: SealOptions): Seal {
  const byName = new Map(keys.map((key) => [sealKeyName(key), key]))
  const [current] = byName
  if (current === undefined || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new TypeError('a seal needs at least one key of 32 bytes')
  }
  const [name, key] = current
  return {
    close(text, owner) {
      const iv = random(IV_BYTES)
      const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(owner))
      const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()])
      return `${name}.${Buffer.concat([bytes, cipher.getAuthTag()]).toString('base64url')}`
    },
    open(sealed, owner) {
      const dot = sealed.indexOf('.')
      const known = byName.get(sealed.slice(0, dot))
      if (known === undefined) throw new SealBroken('no key of this name')
      return decrypt(Buffer.from(sealed.slice(dot + 1), 'base64url'), known, owner)
    },
  }
}

function decrypt(bytes: Buffer, key: Uint8Array, owner: string): string {
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new SealBroken('too short')
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const head = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8')
    return head + decipher.final('utf8')
  } catch (error) {
    throw new SealBroken('altered, or sealed for another owner', { cause: error })
  }
}

/** Says which key it is, and nothing about it. The label is from when only a BFF sealed: with another one its sessions would end. */
export function sealKeyName(key: Uint8Array): string {
  return createHash('sha256').update('signet bff key ').update(key).digest('base64url').slice(0, 11)
}
