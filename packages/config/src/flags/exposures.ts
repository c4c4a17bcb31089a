/**
 * Tells who was given which variant: `flag.exposed`, once for each flag, variant and key in a window. What was told is remembered
 * until its window is over, in a ring of bounded length: when that is full the oldest is forgotten, and may be told again sooner. One timer
 * forgets, so that asking a flag reads no clock.
 */
import { type CallContext, currentContext, type Env, type Timer, traceKey } from '@fwk/kernel';
import type { Outcome } from './flag-answer.js';

/** Longer keys are neither told nor remembered: a key is an id. */
export const longestExposedKey = 256;

/** What was told of one variant of one flag: the keys. */
export type ToldKeys = Set<string>;

interface Told {
  readonly key: string;
  readonly untilMs: number;
  readonly among: ToldKeys;
}

/** Tells exposures, each once in a window. */
export class Exposures implements Disposable {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #ring: Told[] = [];
  #oldest = 0;
  #count = 0;
  #env: Env | undefined;
  #timer: Timer | undefined;
  #byFlag = new Map<string, Map<string, ToldKeys>>();

  /**
   * @param windowMs - within it the same exposure is told once.
   * @param most - how many are remembered, at least 1.
   */
  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#count;
  }

  /** Tells to this environment from now on. */
  tellTo(env: Env): void {
    this.#env = env;
  }

  /** Where exposures of a variant are remembered, the same again after definitions change. */
  among(flag: string, variant: string): ToldKeys {
    const byVariant = this.#byFlag.get(flag) ?? new Map<string, ToldKeys>();
    this.#byFlag.set(flag, byVariant);
    const told = byVariant.get(variant) ?? new Set<string>();
    byVariant.set(variant, told);
    return told;
  }

  /** Forgets flags that are no more. */
  keepOnly(flags: ReadonlyMap<string, unknown>): void {
    this.#byFlag = new Map([...this.#byFlag].filter(([flag]) => flags.has(flag)));
  }

  /** Tells it unless it was told in the window. @param call - in which the flag was asked. @defaultValue the current one */
  tell(flag: string, outcome: Outcome, key: unknown, call?: CallContext): void {
    const { told } = outcome;
    if (!told || typeof key !== 'string' || told.has(key) || key.length > longestExposedKey || !this.#env) return;
    this.#remember(told, key, this.#env);
    // Not `key`: what has that name is masked in logs.
    const { variant, reason } = outcome;
    const trace = (call ?? currentContext()).get(traceKey);
    const place = trace && { traceId: trace.traceId, spanId: trace.spanId };
    this.#env.events.emit('flag.exposed', { flag, variant, reason, contextId: key, ...place });
  }

  /** Tells and remembers no more. */
  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#env?.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#env = undefined;
  }

  #remember(among: ToldKeys, key: string, { clock }: Env): void {
    if (this.#windowMs === 0) return;
    if (this.#count === this.#most) this.#forgetOldest();
    this.#ring[(this.#oldest + this.#count) % this.#most] = { key, untilMs: clock.now() + this.#windowMs, among };
    this.#count++;
    among.add(key);
    if (this.#timer === undefined) this.#wait(this.#windowMs);
  }

  /** Not for each alone: what is over is forgotten together with what was told in the next hundredth of the window. */
  #wait(delayMs: number): void {
    const atLeastMs = Math.ceil(this.#windowMs / 100);
    this.#timer = this.#env?.clock.setTimer(() => this.#forget(), Math.max(delayMs, atLeastMs), true);
  }

  #forget(): void {
    this.#timer = undefined;
    const nowMs = this.#env?.clock.now() ?? 0;
    while (this.#count > 0 && this.#next.untilMs <= nowMs) this.#forgetOldest();
    if (this.#count > 0) this.#wait(this.#next.untilMs - nowMs);
  }

  get #next(): Told {
    return this.#ring[this.#oldest] as Told;
  }

  #forgetOldest(): void {
    const { among, key } = this.#next;
    among.delete(key);
    this.#oldest = (this.#oldest + 1) % this.#most;
    this.#count--;
  }
}
