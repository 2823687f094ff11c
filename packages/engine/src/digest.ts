import { hash } from 'node:crypto'
import type { Digest } from './store.ts'

/** What is kept of a secret, and what it is looked up by. */
export function digestOf(secret: string): Digest {
  return hash('sha256', secret, 'base64url')
}
