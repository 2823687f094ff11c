import { deflateSync } from 'node:zlib'

/** Packs a status list. Lists are small, and packed once for all who fetch them: as tightly as it goes. */
export function deflate(bytes: Buffer): Buffer {
  return deflateSync(bytes, { level: 9 })
}
