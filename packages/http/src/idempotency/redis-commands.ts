/**
 * How the store speaks to Redis. A connection that dies leaves open whether a command was carried out, so each script may
 * be sent again: it recognises its claim and does nothing a second time.
 */
import { createHash } from 'node:crypto';
import { background, backoffBound, type CallContext, type Clock, messageOf, settleWithin, sleep } from '@fwk/kernel';
import { StoreUnavailableError } from './store-unavailable-error.js';

/** Pauses before a script is sent again, doubling from the first to the last, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;
/** How often a script is sent for which a request waits. */
const MOST_ATTEMPTS = 3;
/** Scripts that are sent again while nobody waits, and the characters of their arguments; above, each is sent once. */
const MAX_UNSETTLED = 1000;
const MAX_UNSETTLED_LENGTH = 67_108_864;

/** A script and the digest by which Redis knows it. */
export interface Script {
  readonly source: string;
  readonly digest: string;
}

export function script(source: string): Script {
  return { source, digest: createHash('sha1').update(source).digest('hex') };
}

/** What is sent, and to which keys. */
export interface Sent {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

type Command = (args: readonly string[]) => Promise<unknown>;

/** See the head of this file. */
export class RedisCommands {
  readonly #command: Command;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #unsettled = 0;
  #unsettledLength = 0;

  /** @param timeoutMs - how long anybody waits for an answer. */
  constructor(command: Command, timeoutMs: number, clock: Clock) {
    this.#command = command;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * Sends a script; again, a few times, when the connection dies before its answer.
   * @throws StoreUnavailableError also when it was perhaps carried out; the context's reason likewise.
   */
  async ask(sent: Sent, context: CallContext): Promise<unknown> {
    if (context.cancelled) throw context.reason;
    let isOver = false;
    const mayRepeat = (attempts: number, error: unknown) => !isOver && attempts < MOST_ATTEMPTS && !isReply(error);
    try {
      return await this.#bounded(this.#repeat(sent, mayRepeat), context);
    } finally {
      isOver = true;
    }
  }

  /**
   * Sends a script until Redis has carried it out, also when nobody waits any more.
   * @param limitMs - how long it is sent again.
   * @throws StoreUnavailableError when it takes too long for whoever waits; it goes on then.
   */
  persist(sent: Sent, limitMs: number, context: CallContext): Promise<unknown> {
    const endMs = this.#clock.now() + limitMs;
    const length = sent.args.reduce((sum, { length: each }) => sum + each, 0);
    const isRoom = this.#unsettled < MAX_UNSETTLED && this.#unsettledLength + length <= MAX_UNSETTLED_LENGTH;
    this.#unsettled++;
    this.#unsettledLength += length;
    const carriedOut = this.#repeat(sent, () => isRoom && this.#clock.now() < endMs).finally(() => {
      this.#unsettled--;
      this.#unsettledLength -= length;
    });
    return this.#bounded(carriedOut, context);
  }

  async #repeat(sent: Sent, mayRepeat: (attempts: number, error: unknown) => boolean): Promise<unknown> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#once(sent);
      } catch (error) {
        if (!mayRepeat(attempts, error)) throw new StoreUnavailableError('Redis refused the command', error);
        const pauseMs = backoffBound(attempts - 1, { baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS });
        await sleep(this.#clock, pauseMs, background, true);
      }
    }
  }

  /** By its digest, which Redis knows after the first time. */
  async #once({ script, keys, args }: Sent): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#command(['EVALSHA', script.digest, ...rest]);
    } catch (error) {
      if (!/^NOSCRIPT/.test(messageOf(error))) throw error;
      return this.#command(['EVAL', script.source, ...rest]);
    }
  }

  /** Stops waiting at the time limit and when the call ends. */
  #bounded(work: Promise<unknown>, context: CallContext): Promise<unknown> {
    const limitMs = this.#timeoutMs;
    return settleWithin(work, {
      clock: this.#clock,
      limitMs,
      context,
      late() {
        throw new StoreUnavailableError(`Redis did not answer within ${limitMs} ms`);
      },
    });
  }
}

/** An error that Redis itself gave, such as `NOAUTH Authentication required`: it did nothing, and would say so again. */
export function isReply(error: unknown): boolean {
  return /^[A-Z]{3,} /.test(messageOf(error));
}
