import { type CallContext, type Env, messageOf } from '@fwk/kernel';
import { routeKey } from '../membership/call-route.js';
import type { HashOptions } from './hash-options.js';

/** Time between two events of keys that are missing, in milliseconds. */
const TOLD_EVERY_MS = 60_000;

/** Reads the keys of calls, and tells of calls that have none: of the first, and then once a minute how many there were. */
export class HashKeys {
  readonly keyOf: HashOptions['keyOf'];
  readonly #role: string;
  readonly #env: Env;
  #missing = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(role: string, keyOf: HashOptions['keyOf'], env: Env) {
    this.#role = role;
    this.keyOf = keyOf;
    this.#env = env;
  }

  /** The key; undefined if there is none. What the call says itself comes first. */
  of(nowMs: number, request: unknown, context: CallContext | undefined): string | undefined {
    const said = context?.get(routeKey)?.key;
    if (said) return said;
    if (!context || !this.keyOf) return this.#none(nowMs, 'the call says no key, and the balancer has no keyOf');
    try {
      const key: unknown = this.keyOf(request, context);
      if (typeof key === 'string' && key !== '') return key;
      return this.#none(nowMs, `keyOf answered ${key === '' ? 'an empty text' : typeof key}`);
    } catch (error) {
      return this.#none(nowMs, `keyOf threw: ${messageOf(error)}`);
    }
  }

  #none(nowMs: number, reason: string): undefined {
    this.#missing++;
    if (nowMs - this.#toldMs < TOLD_EVERY_MS) return;
    const { events, path } = this.#env;
    events.emit('balancer.key-missing', { path, balancer: this.#role, missing: this.#missing, reason });
    this.#toldMs = nowMs;
    this.#missing = 0;
  }
}
