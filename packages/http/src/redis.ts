export {
  type RedisIdempotencyOptions,
  redisIdempotencyDefaults,
  redisIdempotencyStore,
} from './idempotency/redis-store.js';
