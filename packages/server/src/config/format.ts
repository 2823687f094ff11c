import type { z } from 'zod'
import type { ConfigFile } from './file.ts'
import { configSchema } from './schema.ts'

/** A kind of configuration file: what it may say, and which variables lie over it. */
export interface Format<File = unknown> {
  readonly schema: z.ZodType<File>
  /** How the names of its variables begin. */
  readonly prefix: string
  /** Variables that begin so too, and are for somebody else: the command line, or another kind of file. */
  readonly foreign: RegExp
}

/** The file of the authorization server. */
export const SERVER_FILE: Format<ConfigFile> = {
  schema: configSchema,
  prefix: 'SIGNET_',
  foreign: /^SIGNET_(?:CONFIG$|WORKER$|BFF_)/,
}
