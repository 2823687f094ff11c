import type { Seconds } from './values.ts'

/** Another subject has this username. */
export class UsernameTaken extends Error {
  constructor() {
    super('another user has this username')
    this.name = 'UsernameTaken'
  }
}

/** Where a row came from: a declaration in the configuration file is taken back when the file no longer makes it. */
export type Source = 'file' | 'command'

export interface User {
  /** Random, unique in the service, never reassigned (OIDC Core 5.7). */
  readonly subject: string
  readonly username: string
  /** In PHC format: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
  readonly passwordHash: string
  /** Standard claims (OIDC Core 5.1) and others, by name. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly source: Source
  readonly disabled: boolean
}

export interface Users {
  byUsername(username: string): Promise<User | undefined>
  bySubject(subject: string): Promise<User | undefined>
  /** By username. */
  list(): Promise<readonly User[]>
  /** @throws UsernameTaken when another subject has it. */
  put(user: User): Promise<void>
  /**
   * Writes a user down anew, under the same name, unless something else than `seen` is kept of that user by now. Whether it
   * was written: who decides by what was read must not undo what somebody else did meanwhile.
   */
  replace(seen: User, user: User): Promise<boolean>
}

/** A client as it was registered: RFC 7591 metadata. */
export interface ClientRecord {
  readonly clientId: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly source: Source
  readonly disabled: boolean
  readonly updatedAt: Seconds
}

export interface ClientRecords {
  get(clientId: string): Promise<ClientRecord | undefined>
  /** By client id. */
  list(): Promise<readonly ClientRecord[]>
  put(record: ClientRecord): Promise<void>
}

/** A key of the service: it is announced, then signs, then only verifies, then is gone. */
export interface KeyRecord {
  readonly kid: string
  readonly use: 'sig' | 'enc' | 'nonce'
  /** The JWS or JWE algorithm, or `HMAC`. */
  readonly algorithm: string
  /** A private JWK as JSON. */
  readonly material: string
  readonly createdAt: Seconds
  /** From then on it is the one that signs. */
  readonly signsFrom: Seconds
  /** From then on it is neither published nor believed. */
  readonly retiresAt?: Seconds
}

export interface KeyRecords {
  /** The oldest first. */
  list(): Promise<readonly KeyRecord[]>
  put(record: KeyRecord): Promise<void>
}
