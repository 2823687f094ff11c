import { SealBroken, type Seal, type Seconds } from '@signet/protocol'
import { createHash } from 'node:crypto'
import type { Buffer } from 'node:buffer'
import type { Clock } from '../config/options.ts'
import type { OnEvent } from '../events.ts'
import type { SessionStore, StoredSession } from './port.ts'
import { readSecrets, writeSecrets, type Secrets } from './secrets.ts'

/** A session whose secrets were opened. */
export interface Session {
  readonly stored: StoredSession
  readonly secrets: Secrets
}

export interface NewSession {
  readonly frontend: string
  readonly issuer: string
  readonly subject: string
  readonly sid: string | undefined
  readonly userAgent: string | undefined
  readonly secrets: Secrets
}

export interface SessionsOptions {
  readonly store: SessionStore
  readonly seal: Seal
  readonly clock: Clock
  readonly random: (bytes: number) => Buffer
  readonly sliding: Seconds
  readonly absolute: Seconds
  readonly onEvent: OnEvent
}

/** 256 bits: nobody guesses one. */
const ID_BYTES = 32
const HANDLE_BYTES = 16
/** A use is written down when it moves the end by this part of the sliding lifetime. */
const STEP = 0.05
const LONGEST_USER_AGENT = 300

/** What the sessions of all frontends have in common. */
export class Sessions {
  readonly store: SessionStore
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.store = options.store
    this.#options = options
  }

  /** Begins a session under a new id, whatever the browser had before. @returns what its cookie holds */
  async open({ secrets, sid, userAgent, ...members }: NewSession): Promise<string> {
    const { clock, random, sliding, absolute } = this.#options
    const now = clock.now()
    const value = random(ID_BYTES).toString('base64url')
    const id = idOf(value)
    await this.store.create({
      ...members,
      id,
      handle: random(HANDLE_BYTES).toString('base64url'),
      ...(sid !== undefined && { sid }),
      ...(userAgent !== undefined && { userAgent: userAgent.slice(0, LONGEST_USER_AGENT) }),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + Math.min(sliding, absolute),
      endsAt: now + absolute,
      version: 0,
      sealed: this.#close(id, secrets),
    })
    return value
  }

  /** The session a cookie stands for, if it lives and belongs to this frontend. */
  async find(value: string | undefined, frontend: string): Promise<Session | undefined> {
    const session = await this.findEnded(value, frontend)
    return session !== undefined && this.isAlive(session.stored) ? session : undefined
  }

  /** Also one that has expired lately: for logout. */
  async findEnded(value: string | undefined, frontend: string): Promise<Session | undefined> {
    if (value === undefined || value.length > 100) return undefined
    const stored = await this.store.get(idOf(value))
    return stored?.frontend === frontend ? this.opened(stored) : undefined
  }

  /** Reads a session again. */
  async reread(id: string): Promise<Session | undefined> {
    const stored = await this.store.get(id)
    return stored !== undefined && this.isAlive(stored) ? this.opened(stored) : undefined
  }

  isAlive({ expiresAt, endsAt }: StoredSession): boolean {
    const now = this.#options.clock.now()
    return expiresAt > now && endsAt > now
  }

  /** Moves the end of a session that is used. */
  async use({ stored }: Session): Promise<void> {
    const { clock, sliding } = this.#options
    const now = clock.now()
    const expiresAt = Math.min(now + sliding, stored.endsAt)
    if (expiresAt - stored.expiresAt < sliding * STEP) return
    await this.store.touch(stored.id, { lastSeenAt: now, expiresAt })
  }

  /** Replaces the secrets, with the current key. @returns whether nobody else did, and the session is still there */
  save({ id, version }: StoredSession, secrets: Secrets): Promise<boolean> {
    return this.store.replace(id, version, this.#close(id, secrets))
  }

  /** What cannot be opened is no session: its key is gone, or it was moved or altered. */
  opened(stored: StoredSession): Session | undefined {
    try {
      return {
        stored,
        secrets: readSecrets(this.#options.seal.open(stored.sealed, owner(stored.id))),
      }
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      this.#options.onEvent({ type: 'validation_failed', where: 'session', reason: error.message })
      return undefined
    }
  }

  #close(id: string, secrets: Secrets): string {
    return this.#options.seal.close(writeSecrets(secrets), owner(id))
  }
}

/** What a store knows of a cookie: who reads the store cannot make the cookie. */
export function idOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}

function owner(id: string): string {
  return `session ${id}`
}
