import type {
  Attempts,
  AuthorizationCode,
  Clock,
  Codes,
  Interaction,
  Interactions,
  PushedRequest,
  PushedRequests,
  Replay,
  Seconds,
  Store,
} from '@signet/engine'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import { script, type Connection } from './connection.ts'
import type { Decisions } from './decisions.ts'
import { keptFor, type Keys } from './keys.ts'

/** The part of a store that Redis keeps. */
export type EphemeralStore = Pick<
  Store,
  'pushedRequests' | 'interactions' | 'codes' | 'replay' | 'attempts'
>

/** What one service has in Redis. */
export interface Rows {
  readonly connection: Connection
  readonly keys: Keys
  readonly decisions: Decisions
  readonly clock: Clock
}

export function ephemeralOf(rows: Rows): EphemeralStore {
  return {
    pushedRequests: pushedRequestsOf(rows),
    interactions: interactionsOf(rows),
    codes: codesOf(rows),
    replay: replayOf(rows),
    attempts: attemptsOf(rows),
  }
}

function pushedRequestsOf(rows: Rows): PushedRequests {
  const keyOf = (digest: string): string => rows.keys.of('request', digest)
  return {
    put: (request) => put(rows, keyOf(request.digest), { value: request, ends: request.keptUntil }),
    peek: (digest) => get<PushedRequest>(rows, keyOf(digest)),
    claim: (digest) => rows.decisions.claim(keyOf(digest)),
  }
}

function interactionsOf(rows: Rows): Interactions {
  const keyOf = (digest: string): string => rows.keys.of('interaction', digest)
  return {
    put: (interaction) =>
      put(rows, keyOf(interaction.digest), { value: interaction, ends: interaction.expiresAt }),
    get: (digest) => get<Interaction>(rows, keyOf(digest)),
    delete: async (digest) => {
      await rows.connection.ask(keyOf(digest), 'DEL', keyOf(digest))
    },
  }
}

/**
 * KEYS: the code, what says that it was redeemed, and the codes of its user by when they are forgotten. ARGV: the code as
 * JSON, for how many milliseconds it is kept, its digest, when it is forgotten, and now.
 */
const PUT_CODE = script(`
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[5])
if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
`)

function codesOf(rows: Rows): Codes {
  const { connection, keys, decisions, clock } = rows
  const keyOf = (digest: string): string => keys.of('code', digest)
  const redeemedOf = (digest: string): string => keys.of('redeemed', digest)
  const ofUser = (subject: string): string => keys.of('codes of', subject)
  return {
    put: async (code) => {
      const { digest, keptUntil, authorization } = code
      const now = clock.now()
      await connection.run(
        PUT_CODE,
        [keyOf(digest), redeemedOf(digest), ofUser(authorization.subject)],
        [JSON.stringify(code), keptFor(keptUntil, now), digest, `${keptUntil}`, `${now}`],
      )
    },
    peek: (digest) => get<AuthorizationCode>(rows, keyOf(digest)),
    ofSubject: async (subject) => {
      const digests = await connection.ask(ofUser(subject), 'ZRANGE', ofUser(subject), '0', '-1')
      if (!Array.isArray(digests)) return []
      const codes = digests.map((digest) => get<AuthorizationCode>(rows, keyOf(String(digest))))
      return (await Promise.all(codes)).filter((code) => code !== undefined)
    },
    redeem: (digest) => decisions.redeem(keyOf(digest), redeemedOf(digest)),
  }
}

function replayOf({ decisions, clock }: Rows): Replay {
  return { first: (marks) => decisions.mark(marks, clock.now()) }
}

/**
 * The arithmetic of `takeAttempt`, where nobody can come between reading and writing. KEYS: the bucket. ARGV: burst, refill,
 * now, and how many seconds Redis keeps a bucket that is full.
 */
const TAKE_ATTEMPT = script(`
local burst, refill, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest = burst * refill
local missing = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0), longest)
local wait = missing + refill - longest
if wait > 0 then
  return math.ceil(wait)
end
local left = missing + refill
redis.call('SET', KEYS[1], now + left, 'PX', math.ceil((left + ARGV[4]) * 1000))
return 0
`)

function attemptsOf({ connection, keys }: Rows): Attempts {
  return {
    take: async (key, { burst, refill }, now) => {
      const values = [burst, refill, now, CLOCK_MARGIN].map(String)
      return Number(await connection.run(TAKE_ATTEMPT, [keys.of('attempts', key)], values))
    },
    clear: async (key) => {
      await connection.ask(keys.of('attempts', key), 'DEL', keys.of('attempts', key))
    },
  }
}

interface Ending {
  readonly value: unknown
  readonly ends: Seconds
}

async function put({ connection, clock }: Rows, key: string, row: Ending): Promise<void> {
  const kept = keptFor(row.ends, clock.now())
  await connection.ask(key, 'SET', key, JSON.stringify(row.value), 'PX', kept)
}

async function get<Value>({ connection }: Rows, key: string): Promise<Value | undefined> {
  const text = await connection.ask(key, 'GET', key)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what `put` wrote is under this key
  return typeof text === 'string' ? (JSON.parse(text) as Value) : undefined
}
