export { RedisRefused, type RedisAddress, type RedisTls } from './address.ts'
export { openRedisReplay, type RedisReplay, type RedisReplayOptions } from './guard-replay.ts'
export { openRedis, type RedisDatabase, type RedisOptions } from './open-redis.ts'
export { withRedis } from './with-redis.ts'
