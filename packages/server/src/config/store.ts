import { dirname, resolve } from 'node:path'
import { postgresProblem, redisProblem } from './addresses.ts'
import { readAuthorityFiles } from './authorities.ts'
import type { PostgresConfig, RedisConfig } from './config.ts'
import type { StoreFile } from './file.ts'

/** Each place a file names, ready to be opened. */
export interface Places {
  readonly sqlite?: string
  readonly postgres?: PostgresConfig
  readonly redis?: RedisConfig
}

/** How many connections a process takes. */
const CONNECTIONS = 10

/**
 * @param path of the configuration file
 * @throws InvalidConfig when something it names cannot be read.
 */
export function placesOf(file: StoreFile, path: string): Places {
  const { sqlite, postgres, redis, connections, prepared_statements, trusted_cas = [] } = file
  const authorities = readAuthorityFiles(trusted_cas, { path, setting: 'store.trusted_cas' })
  const trusting = authorities.length > 0 ? { trustedCas: authorities } : {}
  return {
    ...(sqlite !== undefined && { sqlite: resolve(dirname(path), sqlite) }),
    ...(postgres !== undefined && {
      postgres: {
        url: postgres,
        connections: connections ?? CONNECTIONS,
        preparedStatements: prepared_statements ?? true,
        ...trusting,
      },
    }),
    ...(redis !== undefined && { redis: { url: redis, ...trusting } }),
  }
}

/** What is wrong with the settings of a place, whichever it is. */
export function placeProblems(file: StoreFile): readonly string[] {
  const { postgres, redis, connections, prepared_statements, trusted_cas } = file
  const isRemote = postgres !== undefined || redis !== undefined
  const problems = {
    postgres: postgres === undefined ? undefined : postgresProblem(postgres),
    redis: redis === undefined ? undefined : redisProblem(redis),
    connections: postgres === undefined && connections !== undefined ? OF_POSTGRES : undefined,
    prepared_statements:
      postgres === undefined && prepared_statements !== undefined ? OF_POSTGRES : undefined,
    trusted_cas: !isRemote && trusted_cas !== undefined ? OF_SERVERS : undefined,
  } satisfies { readonly [Setting in keyof StoreFile]?: string | undefined }
  return Object.entries(problems).flatMap(([setting, problem]) =>
    problem === undefined ? [] : [`store.${setting}: ${problem}`],
  )
}

const OF_POSTGRES = 'concerns PostgreSQL (store.postgres), and there is none'
const OF_SERVERS = 'concerns PostgreSQL and Redis, and there is neither'

/** A choice of which exactly one must be made. */
export function choiceProblem(
  file: StoreFile,
  choices: readonly ('sqlite' | 'postgres' | 'redis')[],
): readonly string[] {
  const made = choices.filter((choice) => file[choice] !== undefined)
  if (made.length === 1) return []
  const named = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
  return [
    made.length === 0
      ? `store: needs ${named}`
      : `store: needs ${named}, and only one of them; there are ${made.join(' and ')}`,
  ]
}
