import {
  KEPT_AFTER_END,
  SessionsUnavailable,
  type Lease,
  type SessionStore,
  type StoredSession,
  type Touch,
} from '@signet/bff'
import type { Seconds } from '@signet/engine'
import { setTimeout as delay } from 'node:timers/promises'
import type { RedisAddress } from './address.ts'
import { CREATE, DELETE, GIVE_BACK, REPLACE, SWEEP, TAKE_UNTIL, TOUCH } from './bff-scripts.ts'
import { Connection, type Script } from './connection.ts'
import { keptFor, Keys } from './keys.ts'
import { Recollection } from './recollection.ts'

export interface RedisSessionsOptions extends RedisAddress {
  /** Whose sessions these are: all processes of a BFF name the same, and no other BFF on this Redis does. */
  readonly name: string
  /** The clock of this machine by default. */
  readonly now?: (() => Seconds) | undefined
}

/** The sessions of a BFF in Redis, for any number of processes on any number of machines. */
export interface RedisSessions extends SessionStore {
  /**
   * Resolves when what is written would be kept.
   *
   * @throws SessionsUnavailable otherwise.
   */
  check(): Promise<void>
  /** Lets go of the connection. What is asked afterwards is refused. */
  close(): void
}

/**
 * Connects, and again by itself whenever that breaks. Each verb is one command or one script: what one process did, the next
 * one sees. Logins under way, leases and marks go by themselves; `sweep` is for sessions.
 *
 * @throws RedisRefused when Redis is set up so that it forgets what must not be forgotten; StoreUnavailable when it cannot
 *   be asked now.
 */
export async function openRedisSessions(options: RedisSessionsOptions): Promise<RedisSessions> {
  const { name, now = () => Date.now() / 1_000 } = options
  const connection = await Connection.open(options)
  return new SessionsInRedis({ connection, keys: new Keys('bff', name), now })
}

interface Place {
  readonly connection: Connection
  readonly keys: Keys
  readonly now: () => Seconds
}

/** How long to wait before saying again what Redis, which may be loading its data, did not take. */
const PAUSE_MILLISECONDS = 100

/** What is never changed is one field, as JSON. */
const FIELDS = ['fixed', 'sealed', 'version', 'lastSeenAt', 'expiresAt'] as const

/** `SessionStore`, where what each verb promises is written. */
class SessionsInRedis implements RedisSessions {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #now: () => Seconds
  /** What this process ended or took lately. */
  readonly #gone = new Recollection()
  /** Counts the connections on which that is still to be said again. */
  #forgetful = 0

  constructor({ connection, keys, now }: Place) {
    this.#connection = connection
    this.#keys = keys
    this.#now = now
    connection.onReady(() => void this.#sayAgain())
  }

  async create(session: StoredSession): Promise<void> {
    const { sealed, version, lastSeenAt, expiresAt, ...fixed } = session
    const { id, issuer, subject, sid, endsAt } = fixed
    const forgotten = Math.floor(endsAt) + KEPT_AFTER_END
    const now = this.#now()
    const lists = sid === undefined ? [] : [this.#ofSid(issuer, sid)]
    const kept = [this.#keptAfterEnd(expiresAt), keptFor(forgotten, now)] as const
    const row = {
      fixed: JSON.stringify(fixed),
      sealed,
      version,
      ...whole({ lastSeenAt, expiresAt }),
    }
    await this.#run(
      CREATE,
      [this.#session(id), this.#byEnd(), this.#ofSubject(issuer, subject), ...lists],
      [id, kept[0], row.expiresAt, kept[1], forgotten, now, ...Object.entries(row).flat()],
    )
  }

  async get(id: string): Promise<StoredSession | undefined> {
    return sessionOf(await this.#ask(this.#session(id), 'HMGET', ...FIELDS))
  }

  async replace(id: string, version: number, sealed: string): Promise<boolean> {
    return (await this.#run(REPLACE, [this.#session(id)], [version, sealed])) === 1
  }

  async touch(id: string, touch: Touch): Promise<boolean> {
    const { lastSeenAt, expiresAt } = whole(touch)
    const values = [id, lastSeenAt, expiresAt, this.#keptAfterEnd(expiresAt)]
    return (await this.#run(TOUCH, [this.#session(id), this.#byEnd()], values)) === 1
  }

  async delete(id: string): Promise<boolean> {
    const key = this.#session(id)
    const isDeleted = (await this.#run(DELETE, [key, this.#byEnd()], [id])) === 1
    if (isDeleted) this.#gone.add({ key, milliseconds: 0 })
    return isDeleted
  }

  withSid(issuer: string, sid: string): Promise<readonly StoredSession[]> {
    return this.#listed(this.#ofSid(issuer, sid))
  }

  ofSubject(issuer: string, subject: string): Promise<readonly StoredSession[]> {
    return this.#listed(this.#ofSubject(issuer, subject))
  }

  async lock({ id, owner, now, until }: Lease): Promise<boolean> {
    const values = [Math.floor(now), Math.floor(until), keptFor(until, now), owner]
    return (await this.#run(TAKE_UNTIL, [this.#keys.of('lease', id)], values)) === 1
  }

  async unlock(id: string, owner: string): Promise<void> {
    await this.#run(GIVE_BACK, [this.#keys.of('lease', id)], [owner])
  }

  async put(id: string, sealed: string, until: Seconds): Promise<void> {
    const parcel = JSON.stringify([Math.floor(until), sealed])
    await this.#ask(this.#keys.of('parcel', id), 'SET', parcel, 'PX', keptFor(until, this.#now()))
  }

  async take(id: string, now: Seconds): Promise<string | undefined> {
    const key = this.#keys.of('parcel', id)
    const parcel = await this.#ask(key, 'GETDEL')
    if (parcel !== null) this.#gone.add({ key, milliseconds: 0 })
    return parcelOf(parcel, now)
  }

  async first(digest: string, until: Seconds, now: Seconds): Promise<boolean> {
    const values = [Math.floor(now), Math.floor(until), keptFor(until, now), '']
    return (await this.#run(TAKE_UNTIL, [this.#keys.of('mark', digest)], values)) === 1
  }

  async count(now: Seconds): Promise<number> {
    return Number(await this.#ask(this.#byEnd(), 'ZCOUNT', `(${Math.floor(now)}`, '+inf'))
  }

  async sweep(now: Seconds, budget: number): Promise<number> {
    const ended = Math.floor(now) - KEPT_AFTER_END
    const range = ['-inf', `${ended}`, 'BYSCORE', 'LIMIT', '0', `${budget}`]
    const ids = texts(await this.#ask(this.#byEnd(), 'ZRANGE', ...range))
    const swept = await Promise.all(
      ids.map((id) => this.#run(SWEEP, [this.#session(id), this.#byEnd()], [id, ended])),
    )
    return swept.filter((each) => each === 1).length
  }

  async check(): Promise<void> {
    await orUnavailable(this.#connection.check([this.#keys.of('check')]))
  }

  close(): void {
    this.#connection.close()
  }

  /** The sessions of a list that are still there, the newest first. */
  async #listed(list: string): Promise<readonly StoredSession[]> {
    const ids = texts(await this.#ask(list, 'ZRANGE', '0', '-1'))
    const found = await Promise.all(ids.map((id) => this.get(id)))
    return found
      .filter((session) => session !== undefined)
      .toSorted((one, other) => other.createdAt - one.createdAt)
  }

  #session(id: string): string {
    return this.#keys.of('session', id)
  }

  #byEnd(): string {
    return this.#keys.of('sessions')
  }

  #ofSid(issuer: string, sid: string): string {
    return this.#keys.of('sid', JSON.stringify([issuer, sid]))
  }

  #ofSubject(issuer: string, subject: string): string {
    return this.#keys.of('subject', JSON.stringify([issuer, subject]))
  }

  #keptAfterEnd(expiresAt: Seconds): string {
    return keptFor(expiresAt + KEPT_AFTER_END, this.#now())
  }

  /**
   * A Redis that restarts, or whose replica takes over, may have lost its last second, and a logout with it. So whoever has
   * a new connection ends again what it ended lately, and asks for nothing before.
   */
  async #sayAgain(): Promise<void> {
    this.#forgetful += 1
    const commands = this.#gone.commands()
    while (!this.#connection.isClosed) {
      try {
        await Promise.all(commands.map(({ key, command }) => this.#connection.ask(key, ...command)))
        break
      } catch {
        await delay(PAUSE_MILLISECONDS, undefined, { ref: false })
      }
    }
    this.#forgetful -= 1
  }

  /** Sends a command about one key. */
  async #ask(key: string, name: string, ...values: readonly string[]): Promise<unknown> {
    this.#requireSaid()
    return orUnavailable(this.#connection.ask(key, name, key, ...values))
  }

  async #run(
    script: Script,
    keys: readonly [string, ...string[]],
    values: readonly (string | number)[],
  ): Promise<unknown> {
    this.#requireSaid()
    return orUnavailable(this.#connection.run(script, keys, values.map(String)))
  }

  #requireSaid(): void {
    if (this.#forgetful === 0) return
    throw new SessionsUnavailable(
      'Redis has come back, and is told first which sessions have ended',
    )
  }
}

function whole({ lastSeenAt, expiresAt }: Touch): Touch {
  return { lastSeenAt: Math.floor(lastSeenAt), expiresAt: Math.floor(expiresAt) }
}

function sessionOf(reply: unknown): StoredSession | undefined {
  const [fixed, sealed, version, lastSeenAt, expiresAt] = Array.isArray(reply) ? reply : []
  if (typeof fixed !== 'string') return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what `create` wrote is in this field
  const members = JSON.parse(fixed) as Omit<StoredSession, 'sealed' | 'version'>
  return {
    ...members,
    sealed: String(sealed),
    version: Number(version),
    lastSeenAt: Number(lastSeenAt),
    expiresAt: Number(expiresAt),
  }
}

function parcelOf(reply: unknown, now: Seconds): string | undefined {
  if (typeof reply !== 'string') return undefined
  const parcel: unknown = JSON.parse(reply)
  const [until, sealed] = Array.isArray(parcel) ? parcel : []
  return Number(until) > now ? String(sealed) : undefined
}

function texts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}

async function orUnavailable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw new SessionsUnavailable('the Redis of sessions failed', { cause: error })
  }
}
