import type { Buffer } from 'node:buffer'
import type { JsonObject } from '@signet/protocol'
import { isRecord } from './token-claims.ts'

/** A JSON object of a peer; undefined for anything else. */
export function parsedJson(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
