import { script, type Script } from './connection.ts'

/**
 * KEYS: the session, the sessions by their end, and those of its subject and of its sid, by when they are forgotten. ARGV:
 * its id, for how many milliseconds it is kept, when it expires, for how many milliseconds and until when the lists need
 * it, now, and then its fields by name.
 */
export const CREATE: Script = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.error_reply('a session with this id exists')
end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
for i = 3, #KEYS do
  redis.call('ZADD', KEYS[i], ARGV[5], ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. ARGV[6])
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[4]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[4])
  end
end
`)

/** KEYS: the session. ARGV: the version that was read, and what is sealed now. */
export const REPLACE: Script = script(`
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'sealed', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return 1
`)

/** KEYS: the session, the sessions by their end. ARGV: its id, when it was seen, when it expires, for how many milliseconds. */
export const TOUCH: Script = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'lastSeenAt', ARGV[2], 'expiresAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
`)

/** KEYS: the session, the sessions by their end. ARGV: its id. */
export const DELETE: Script = script(`
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`)

/** KEYS: the session, the sessions by their end. ARGV: its id, and by when it must have expired. */
export const SWEEP: Script = script(`
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not ends or tonumber(ends) > tonumber(ARGV[2]) then
  return 0
end
redis.call('DEL', KEYS[1])
return redis.call('ZREM', KEYS[2], ARGV[1])
`)

/** KEYS: the lease or mark. ARGV: now, until when it is to hold, for how many milliseconds it is kept, and whose it is. */
export const TAKE_UNTIL: Script = script(`
local held = redis.call('HGET', KEYS[1], 'until')
if held and tonumber(held) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'until', ARGV[2], 'owner', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`)

/** KEYS: the lease. ARGV: whose it should be. */
export const GIVE_BACK: Script = script(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
`)
