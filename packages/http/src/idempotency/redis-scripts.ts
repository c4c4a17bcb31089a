/**
 * What the store does in Redis, each in one step that nothing comes between. All keys of a caller have one hash tag, so
 * that they lie on one node of a cluster. Time is the server's, since instances disagree on theirs.
 *
 * Keys: the entry, the caller's entries at work, the caller's answers; the latter two are sorted by when they end.
 */

/** In microseconds, so that answers which end in one millisecond have their order. */
const time = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`;

/** Arguments: fingerprint, claim, lease in ms, entries a caller may have. A claim that comes again is still its own. */
export const claimScript = `${time}
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer', 'claim')
if known[1] then
  if known[1] ~= ARGV[1] then return { 'other-request' } end
  if known[2] then return { 'stored', known[2] } end
  if known[3] == ARGV[2] then return { 'fresh' } end
  return { 'running' }
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
local max = tonumber(ARGV[4])
local running = redis.call('ZCARD', KEYS[2])
if running >= max then return { 'full' } end
if running + redis.call('ZCARD', KEYS[3]) >= max then
  local oldest = redis.call('ZPOPMIN', KEYS[3])
  if oldest[1] then redis.call('DEL', oldest[1]) end
end
local lease = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'claim', ARGV[2])
redis.call('PEXPIRE', KEYS[1], lease)
redis.call('ZADD', KEYS[2], now + lease * 1000, KEYS[1])
if redis.call('PTTL', KEYS[2]) < lease then redis.call('PEXPIRE', KEYS[2], lease) end
return { 'fresh' }`;

/** Arguments: fingerprint, claim, answer, how long it is kept in ms. Keeps nothing when somebody else has the key by now. */
export const finishScript = `${time}
local claim = redis.call('HGET', KEYS[1], 'claim')
if claim and claim ~= ARGV[2] then return 0 end
local keep = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'claim', ARGV[2], 'answer', ARGV[3])
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('ZREM', KEYS[2], KEYS[1])
redis.call('ZADD', KEYS[3], now + keep * 1000, KEYS[1])
redis.call('PEXPIRE', KEYS[3], keep)
return 1`;

/** Argument: claim. Keeps the key when somebody else has it by now, or its answer is there. */
export const releaseScript = `
if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'answer') == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], KEYS[1])
return 1`;
