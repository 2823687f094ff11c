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

/**
 * Strict standard base64, with padding: the spelling of certificates in `x5c`.
 *
 * @returns undefined for anything else, and for nothing.
 * @see RFC 7517 §4.7, RFC 4648 §4
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined
}
