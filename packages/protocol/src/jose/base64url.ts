import { Buffer } from 'node:buffer'

/**
 * Strict base64url: no padding, no white space, no stray bits, so that one value has one spelling.
 *
 * @returns undefined for anything else.
 * @see RFC 7515 §2, RFC 4648 §3.5
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
