import type { Format } from '../config/format.ts'
import { bffSchema, type BffFile } from './schema.ts'

/** The file of `signet bff`. */
export const BFF_FILE: Format<BffFile> = {
  schema: bffSchema,
  prefix: 'SIGNET_BFF_',
  foreign: /^SIGNET_BFF_CONFIG$/,
}
