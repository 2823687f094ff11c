import type { Clock, Engine, Keys, Random, Service, Store } from '@signet/engine'
import type { Logger } from 'pino'
import type { PasswordChecks } from '../login/password-check.ts'
import type { Throttle } from '../login/throttle.ts'
import type { LineLimit } from '../management/line-limit.ts'
import type { TrustedProxies } from './proxies.ts'

/** One service, ready to be served over HTTP. */
export interface Served {
  readonly service: Service
  readonly engine: Engine
  readonly keys: Pick<Keys, 'jwks'>
  readonly store: Pick<Store, 'audit' | 'users' | 'settled'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Of the lines about requests that could not be decided. */
  readonly failures: LineLimit
  readonly proxies: TrustedProxies
  readonly login: {
    readonly throttle: Throttle
    readonly checks: PasswordChecks
    /** For the cookie of known devices. */
    readonly secrets: () => readonly Buffer[]
  }
  /** How long others may keep the JWK set, seconds: less than a new key is announced. */
  readonly jwksMaxAge: number
}

/** The path of the issuer, without a slash at its end. */
export function basePath({ issuer }: Service): string {
  return new URL(issuer).pathname.replace(/\/$/, '')
}
