/**
 * A store that all instances of a service share, in Redis: a request that comes again is answered once, whichever
 * instance it reaches. No Redis library comes with it: the application hands over its own connection as one function.
 *
 * Redis must not throw keys away before their time: give it memory, and `maxmemory-policy noeviction`. An answer that was
 * stored on a master and not yet on its replica is lost with the master; what must never happen twice keeps the key with
 * its data as well.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  background,
  type CallContext,
  type Clock,
  callable,
  checkOptions,
  integerIn,
  millisecondsIn,
  optional,
  parseJson,
  systemClock,
  text,
} from '@fwk/kernel';
import { idempotencyDefaults } from './idempotency-options.js';
import type { Claim, ClaimedKey, IdempotencyStore, KeptAnswer, KeyedRequest } from './idempotency-store.js';
import { isReply, RedisCommands, type Script, script } from './redis-commands.js';
import { claimScript, finishScript, releaseScript } from './redis-scripts.js';
import { StoreUnavailableError } from './store-unavailable-error.js';

/** Options of {@link redisIdempotencyStore}. */
export interface RedisIdempotencyOptions {
  /**
   * Sends one command: its name and arguments, in order.
   * @example node-redis: (args) => redis.sendCommand([...args])
   * @example ioredis: ([name, ...args]) => redis.call(name, ...args)
   */
  readonly command: (args: readonly string[]) => Promise<unknown>;
  /** How its keys begin. @defaultValue 'fwk:idempotency:' */
  readonly prefix: string;
  /** How long an answer is kept, 1000 to 604 800 000 milliseconds. @defaultValue 600000 */
  readonly keepMs: number;
  /** Keys kept at once for one caller, 1 to 1 000 000; its own oldest answer goes first. @defaultValue 1000 */
  readonly maxEntriesPerCaller: number;
  /** How long Redis may take, 1 to 60 000 milliseconds. @defaultValue 1000 */
  readonly timeoutMs: number;
  /** @defaultValue the process's own */
  readonly clock?: Clock | undefined;
}

/** Defaults of {@link RedisIdempotencyOptions}. */
export const redisIdempotencyDefaults = Object.freeze({
  prefix: 'fwk:idempotency:',
  keepMs: idempotencyDefaults.keepMs,
  maxEntriesPerCaller: idempotencyDefaults.maxEntriesPerCaller,
  timeoutMs: 1000,
}) satisfies Partial<RedisIdempotencyOptions>;

/**
 * Makes a store; nothing is sent before the first claim.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example http({ serve: [Payments], idempotency: { store: redisIdempotencyStore({ command: (args) => redis.sendCommand([...args]) }) } })
 */
export function redisIdempotencyStore(
  options: Pick<RedisIdempotencyOptions, 'command'> & Partial<RedisIdempotencyOptions>,
): IdempotencyStore {
  return new RedisStore(
    checkOptions<RedisIdempotencyOptions>('redisIdempotencyStore', options, redisIdempotencyDefaults, {
      command: callable,
      prefix: text,
      keepMs: millisecondsIn(1000, 604_800_000),
      maxEntriesPerCaller: integerIn(1, 1_000_000),
      timeoutMs: millisecondsIn(1, 60_000),
      clock: optional((value) => (typeof value === 'object' ? undefined : 'a clock')),
    }),
  );
}

const [claiming, finishing, releasing] = [script(claimScript), script(finishScript), script(releaseScript)];

class RedisStore implements IdempotencyStore {
  readonly #options: RedisIdempotencyOptions;
  readonly #commands: RedisCommands;

  constructor(options: RedisIdempotencyOptions) {
    this.#options = options;
    this.#commands = new RedisCommands(options.command, options.timeoutMs, options.clock ?? systemClock);
  }

  async claim(request: KeyedRequest, context: CallContext): Promise<Claim> {
    if (context.cancelled) throw context.reason;
    const { maxEntriesPerCaller } = this.#options;
    const keys = this.#keysOf(request);
    const claim = randomUUID();
    const { fingerprint, leaseMs } = request;
    const args = [fingerprint, claim, String(Math.ceil(leaseMs)), String(maxEntriesPerCaller)];
    const claimed = this.#claimed(keys, fingerprint, claim, leaseMs);
    const answer = await this.#commands.ask({ script: claiming, keys, args }, context).catch((error: unknown) => {
      // It may have been carried out all the same, and must not hold the key then.
      if (!(error instanceof StoreUnavailableError && isReply(error.cause))) claimed.release()?.catch(() => {});
      throw error;
    });
    const [kind, stored] = listOf(answer);
    switch (kind) {
      case 'fresh':
        return { kind, entry: claimed };
      case 'stored':
        return { kind, answer: readAnswer(stored) };
      case 'running':
      case 'other-request':
      case 'full':
        return { kind };
      default:
        throw new StoreUnavailableError('Redis answered something else than its script does');
    }
  }

  #claimed(keys: readonly string[], fingerprint: string, claim: string, leaseMs: number): ClaimedKey {
    const keepMs = String(this.#options.keepMs);
    // When the lease is over, somebody else may claim the key: an answer that comes later helps nobody.
    const end = async (ending: Script, args: readonly string[]) => {
      await this.#commands.persist({ script: ending, keys, args }, leaseMs, background);
    };
    return {
      finish: (answer) => end(finishing, [fingerprint, claim, JSON.stringify(answer), keepMs]),
      release: () => end(releasing, [claim]),
    };
  }

  #keysOf({ caller, operation, key }: KeyedRequest): readonly string[] {
    const { prefix } = this.#options;
    const tag = `${prefix}{${digestOf(caller)}}:`;
    return [tag + digestOf(`${operation} ${key}`), `${tag}running`, `${tag}finished`];
  }
}

/** @throws StoreUnavailableError when it is no answer that this store could have written. */
function readAnswer(stored: unknown): KeptAnswer {
  let answer: unknown;
  try {
    answer = parseJson(String(stored));
  } catch (error) {
    throw new StoreUnavailableError('the answer that it keeps cannot be read as JSON', error);
  }
  if (!isKeptAnswer(answer)) throw new StoreUnavailableError('what it keeps is no answer');
  return answer;
}

function isKeptAnswer(value: unknown): value is KeptAnswer {
  const { status, contentType, body, headers = {} } = Object(value) as { readonly [K in keyof KeptAnswer]: unknown };
  return (
    typeof status === 'number' &&
    [contentType, body].every((text) => text === undefined || typeof text === 'string') &&
    Object.values(Object(headers)).every((text) => typeof text === 'string')
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
