import type { Buffer } from 'node:buffer'
import type {
  Algorithm,
  ClientCertificate,
  DecryptionKey,
  EncryptionKey,
  KeyManagement,
  NoncePolicy,
  Signer,
  VerificationKey,
} from '@signet/protocol'
import type { Client } from './clients/client.ts'
import type { Service } from './config.ts'
import type { Store } from './store/store.ts'

/** Everything the engine of one service asks of the outside world. */
export interface Ports {
  readonly service: Service
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly clients: Clients
  readonly subjects: Subjects
  readonly store: Store
  /** Packs bytes as zlib data (RFC 1950). */
  readonly deflate: (bytes: Buffer) => Buffer
  readonly logoutNotices: LogoutNotices
}

export interface Clock {
  /** Whole seconds since 1970. */
  now(): number
  /** Milliseconds since 1970, for the audit. */
  milliseconds(): number
}

export interface Random {
  /** A base64url string of at least `bits` bits from a cryptographic source. */
  token(bits: number): string
}

/** The keys of the service. Whoever holds them rotates them; every call sees the keys of its moment. */
export interface Keys {
  /** What signs with this algorithm now; undefined when the service has nothing that does. */
  signer(algorithm: Algorithm): Signer | undefined
  /** All that is published: announced, signing, and retired ones whose signatures are still out there. */
  readonly published: readonly VerificationKey[]
  /** All that clients may still encrypt to, the newest first. */
  readonly decryption: readonly DecryptionKey[]
  /** The JWK set as JSON, serialised once for each set of keys. */
  readonly jwks: string
  /** The algorithms a key signs with. */
  readonly algorithms: readonly Algorithm[]
  /** The nonces of this service (RFC 9449 §8). */
  readonly nonces: Nonces
}

export interface Nonces {
  current(): string
  readonly policy: NonNullable<NoncePolicy>
}

export interface Clients {
  /** The client, unless unknown or disabled. */
  find(clientId: string): Promise<Client | undefined>
  /**
   * The client's keys, all of them: a rule selects, and names them to the operator when none fits. When none can be the
   * one that is wanted, a `jwks_uri` is refetched first, rate-limited.
   */
  keys(client: Client, wanted: WantedKey): Promise<readonly VerificationKey[]>
  /** The keys the client can be encrypted to, all of them. When none is for this algorithm, a `jwks_uri` is refetched first. */
  encryptionKeys(client: Client, alg: KeyManagement): Promise<readonly EncryptionKey[]>
}

/** How a client has used a key: for a signature, of which the header of the JWS tells, or in a certificate that it showed. */
export type WantedKey =
  { readonly kid?: string; readonly alg: string } | { readonly certificate: ClientCertificate }

/** Tells clients over the back channel that a session ended (OpenID Connect Back-Channel Logout §2.5). */
export interface LogoutNotices {
  /** Takes a notice, to be delivered as well as it goes. Returns at once, and never throws. */
  send(notice: LogoutNotice): void
}

export interface LogoutNotice {
  readonly clientId: string
  /** Who was logged out, for the audit. */
  readonly subject: string
  /** The `backchannel_logout_uri` of the client. */
  readonly uri: string
  readonly logoutToken: string
}

export interface Subjects {
  /** What is known of a user, by claim name; undefined when the user is gone or disabled. */
  claims(subject: string): Promise<Readonly<Record<string, unknown>> | undefined>
}
