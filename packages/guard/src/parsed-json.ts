import type { Buffer } from 'node:buffer'
import { isObject, type JsonObject } from '@signet/protocol'

/** A JSON object of a peer; undefined for anything else. */
export function parsedJson(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
