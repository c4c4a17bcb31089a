import type { CallContext, Env } from '@fwk/kernel';
import type { HashOptions } from './hash-options.js';
import { readKey } from './read-key.js';

/** Time between two events of keys that are missing, in milliseconds. */
const TOLD_EVERY_MS = 60_000;

/** Reads the keys of calls, and tells of calls that have none: of the first, and then once a minute how many there were. */
export class HashKeys {
  readonly keyOf: HashOptions['keyOf'];
  readonly #role: string;
  readonly #env: Env;
  #missing = 0;
  #nowMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(role: string, keyOf: HashOptions['keyOf'], env: Env) {
    this.#role = role;
    this.keyOf = keyOf;
    this.#env = env;
  }

  /** The key; undefined if there is none. */
  of(nowMs: number, request: unknown, context: CallContext | undefined): string | undefined {
    this.#nowMs = nowMs;
    return readKey(this.keyOf, request, context, this.#missed);
  }

  readonly #missed = (reason: string): void => {
    this.#missing++;
    if (this.#nowMs - this.#toldMs < TOLD_EVERY_MS) return;
    const { events, path } = this.#env;
    events.emit('balancer.key-missing', { path, balancer: this.#role, missing: this.#missing, reason });
    this.#toldMs = this.#nowMs;
    this.#missing = 0;
  };
}
