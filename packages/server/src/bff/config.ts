import type { BffOptions } from '@signet/bff'
import type { Seconds } from '@signet/protocol'
import type { Config, PostgresConfig, RedisConfig } from '../config/config.ts'

/** What `signet bff` runs with: file and environment read, checked, defaults applied, paths absolute, keys loaded. */
export interface BffConfig extends Pick<Config, 'listen' | 'management' | 'log'> {
  readonly store: SessionsConfig
  /** On SIGTERM: how long requests under way may take before they are cut off. */
  readonly drain: Seconds
  readonly options: StoredOptions
}

/** Where sessions are kept. */
export type SessionsConfig =
  | { readonly sqlite: string }
  | { readonly postgres: PostgresConfig }
  | { readonly redis: RedisConfig }

/** The options of a BFF, but for what the process itself fills in. */
export interface StoredOptions extends Omit<BffOptions, 'sessions' | 'onEvent'> {
  readonly sessions: Omit<BffOptions['sessions'], 'store'>
}
