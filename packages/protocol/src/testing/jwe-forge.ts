import { Buffer } from 'node:buffer'
import { createCipheriv, hash } from 'node:crypto'

/** What two parties agreed on, or an attacker guesses they will. */
interface Agreement {
  readonly secret: Buffer
  readonly apu?: string
  readonly apv?: string
}

/** The content key for ECDH-ES with A128GCM, from a shared secret. @see RFC 7518 §4.6.2 */
export function contentKeyOf({ secret, apu = '', apv = '' }: Agreement): Buffer {
  const prefixed = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes])
  const input = Buffer.concat([
    uint32(1),
    secret,
    prefixed(Buffer.from('A128GCM')),
    prefixed(Buffer.from(apu, 'base64url')),
    prefixed(Buffer.from(apv, 'base64url')),
    uint32(128),
  ])
  return hash('sha256', input, 'buffer').subarray(0, 16)
}

/** A JWE with exactly this header and no encrypted key, its content under a key that the forger knows. */
export function seal(header: object, content: string, contentKey: Buffer): string {
  const head = Buffer.from(JSON.stringify(header)).toString('base64url')
  const iv = Buffer.alloc(12, 7)
  const cipher = createCipheriv('aes-128-gcm', contentKey, iv).setAAD(Buffer.from(head))
  const parts = [iv, Buffer.concat([cipher.update(content), cipher.final()]), cipher.getAuthTag()]
  return [head, '', ...parts.map((part) => part.toString('base64url'))].join('.')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
