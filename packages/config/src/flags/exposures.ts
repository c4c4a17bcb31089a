/**
 * Tells who was given which variant: `flag.exposed`, once for each flag, variant and key in a window. What was told is remembered
 * in a ring of bounded length: when it is full the oldest is forgotten, and may be told again before its window is over.
 */
import type { Clock, EventSink } from '@fwk/kernel';
import type { Outcome } from './flag-answer.js';

/** Longer keys are neither told nor remembered: a key is an id. */
export const longestExposedKey = 256;

/** One exposure that was told. */
export interface Told {
  readonly key: string;
  readonly atMs: number;
  readonly among: ToldByKey;
}

/** What was told of one variant of one flag. */
export type ToldByKey = Map<string, Told>;

/** Tells exposures, each once in a window. */
export class Exposures {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #ring: Told[] = [];
  #oldest = 0;
  #byFlag = new Map<string, Map<string, ToldByKey>>();

  /**
   * @param windowMs - within it the same exposure is told once.
   * @param most - how many are remembered.
   */
  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** How many are remembered. */
  get size(): number {
    let sum = 0;
    for (const byVariant of this.#byFlag.values()) for (const told of byVariant.values()) sum += told.size;
    return sum;
  }

  /** Where exposures of a variant are remembered, the same again after definitions change. */
  among(flag: string, variant: string): ToldByKey {
    const byVariant = this.#byFlag.get(flag) ?? new Map<string, ToldByKey>();
    this.#byFlag.set(flag, byVariant);
    const told = byVariant.get(variant) ?? new Map<string, Told>();
    byVariant.set(variant, told);
    return told;
  }

  /** Forgets flags that are no more. */
  keepOnly(flags: ReadonlyMap<string, unknown>): void {
    this.#byFlag = new Map([...this.#byFlag].filter(([flag]) => flags.has(flag)));
  }

  /** Tells it unless it was told in the window. */
  tell(flag: string, { variant, reason, told }: Outcome, key: unknown, clock: Clock, events: EventSink): void {
    if (!told || typeof key !== 'string' || key.length > longestExposedKey) return;
    const nowMs = clock.now();
    const known = told.get(key);
    if (known && nowMs - known.atMs < this.#windowMs) return;
    this.#remember({ key, atMs: nowMs, among: told });
    // Not `key`: what has that name is masked in logs.
    events.emit('flag.exposed', { flag, variant, reason, contextId: key });
  }

  #remember(exposure: Told): void {
    const last = this.#ring[this.#oldest];
    // What was told again since has a newer entry, which stays.
    if (last !== undefined && last.among.get(last.key) === last) last.among.delete(last.key);
    this.#ring[this.#oldest] = exposure;
    this.#oldest = (this.#oldest + 1) % this.#most;
    exposure.among.set(exposure.key, exposure);
  }
}
