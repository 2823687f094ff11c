import { randomUUID } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import type { World } from '../world.ts'
import { createHttps, type HttpsOptions } from './https.ts'

/** The clock, the dice and the network of this machine. */
export function createWorld(options: HttpsOptions): World {
  const https = createHttps(options)
  return {
    now: () => Date.now() / 1000,
    uuid: () => randomUUID(),
    http: (call) => https.call(call),
    inflate: (bytes, largest) => inflateSync(bytes, { maxOutputLength: largest }),
    close: () => https.close(),
  }
}
