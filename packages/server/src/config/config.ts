import type { Seconds, Service } from '@signet/engine'
import type { CertificateHeaderFormat } from '@signet/protocol'

/** What a process runs with: file and environment read, checked, defaults applied, paths absolute. */
export interface Config {
  readonly listen: Listen
  /** Where clients come with certificates; absent: nowhere. */
  readonly mtls?: MutualTlsListen
  readonly proxies: Proxies
  /** `/livez`, `/readyz`, `/metrics`; absent: not served. */
  readonly management?: { readonly host: string; readonly port: number }
  readonly store: StoreConfig
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' }
  readonly outgoing: Outgoing
  readonly keys: KeyPolicy
  /** 32 bytes each: the first seals the keys in the store, all open them. Only state in memory does without. */
  readonly masterKeys?: readonly Buffer[]
  readonly audit: AuditPolicy
  /** On SIGTERM: how long requests under way may take before they are cut off. */
  readonly drain: Seconds
  readonly services: readonly ServiceConfig[]
}

export interface Listen {
  readonly host: string
  readonly port: number
  /** PEM. Absent only on loopback, behind something that speaks TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/** The second listener. What of a certificate counts, the `mtls` of each service says. */
export interface MutualTlsListen {
  readonly listen: Listen
  /** As clients see it: of the aliases of endpoints, unless a service has an origin of its own. */
  readonly origin: string
  /** PEM, one certificate each. */
  readonly trustedCas: readonly string[]
}

/** Where state is kept: everything in one place, or what is of a moment in Redis. */
export type StoreConfig = DurableConfig & { readonly redis?: RedisConfig }

/** `memory` is for tests and the bench; no file can name it. */
export type DurableConfig =
  { readonly sqlite: string } | { readonly postgres: PostgresConfig } | { readonly memory: true }

export interface PostgresConfig {
  /** With the password, if there is one: not to be shown. */
  readonly url: string
  /** How many connections of each process, at most. */
  readonly connections: number
  /** Whether statements are prepared by name. */
  readonly preparedStatements: boolean
  /** PEM, one certificate each; absent: those of the system. */
  readonly trustedCas?: readonly string[]
}

export interface RedisConfig {
  /** With the password, if there is one: not to be shown. */
  readonly url: string
  /** PEM, one certificate each; absent: those of the system. */
  readonly trustedCas?: readonly string[]
}

/** What stands before this server. */
export interface Proxies {
  /** IP addresses and networks (CIDR): only from there a header field is believed that speaks of somebody else. */
  readonly trusted: readonly string[]
  /** In which field they bring the certificate of a client; absent: the connection tells it. */
  readonly clientCertificateHeader?: CertificateHeaderFormat
}

/** What requests this server makes itself (`jwks_uri`, `backchannel_logout_uri`) may reach. */
export interface Outgoing {
  /** Hosts (`host` or `host:port`) that may resolve to a private or loopback address. */
  readonly allowPrivateHosts: readonly string[]
  /** PEM certificates trusted beside those of the system. */
  readonly trustedCas: readonly string[]
}

export interface KeyPolicy {
  /** How long a new key is published before it signs. */
  readonly announce: Seconds
  /** How long an old one is published after it signed last. */
  readonly retire: Seconds
  /** How long a key is used until another one takes its place by itself; absent: until somebody commands it. */
  readonly rotateEvery?: Seconds
  /** The same of the keys of the nonces. */
  readonly rotateNoncesEvery?: Seconds
}

export interface AuditPolicy {
  /** How long an event can be explained. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept, the newest ones. */
  readonly unauthenticated: number
}

/** One issuer with what the file declares for it. */
export interface ServiceConfig {
  readonly service: Service
  /** RFC 7591 metadata, `client_id` included. */
  readonly clients: readonly Readonly<Record<string, unknown>>[]
  readonly users: readonly UserDeclaration[]
}

export interface UserDeclaration {
  readonly username: string
  /** PHC string of Argon2id. */
  readonly password_hash: string
  readonly claims?: Readonly<Record<string, unknown>>
}
