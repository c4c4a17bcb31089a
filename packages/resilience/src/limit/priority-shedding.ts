/**
 * Decides which calls are refused before the limit is reached, so that under overload the least important go first and the
 * important hardly notice (after WeChat's DAGOR and Uber's Cinnamon).
 *
 * Every 250 ms, and as soon as fifty calls found no place, it compares how many calls were offered with how many of them
 * found none, and from that keeps the share of all calls to shed:
 *
 *     share ← share + (1 − share) · refused / offered     when calls found no place
 *     share ← share · 0.9                                 otherwise
 *
 * The distribution of recent calls over the priorities then says whom it meets: all of `background` before any of
 * `sheddable`, all of that before any of `default`. The priority at the edge is shed by a draw. The highest one seen lately is
 * never shed: that would be shedding for nobody's sake. Nor is any call while a quarter of the places is free: that quarter
 * is there for important calls, and when it stays free the overload is over, whatever the share still says. And whoever may
 * be shed leaves the last places to those above: a tenth of all at most, and the more, the likelier it is shed.
 */
import type { Priority } from '@fwk/kernel';

/** From the most important down; a level is an index into this. */
export const priorities: readonly Priority[] = Object.freeze(['critical', 'default', 'sheddable', 'background']);

/** The level of a priority; what somebody made up counts as `default`. */
export function levelOf(priority: Priority): number {
  const level = priorities.indexOf(priority);
  return level === -1 ? 1 : level;
}

const LEVELS = priorities.length;
const WINDOW_MS = 250;
/** As many calls without a place say enough, however soon. */
const ENOUGH_REFUSED = 50;
/** Fewer calls than this are no measure of a share. */
const LEAST_CALLS = 10;
const DECAY = 0.9;
/** A share below this is none. */
const LEAST_SHARE = 0.001;
/** How much of the past counts in the distribution, per window. */
const MEMORY = 0.8;
/** A priority with fewer recent calls than this counts as not seen. */
const LEAST_RECENT = 0.1;
/** Calls are shed only while at least this share of the places is taken. */
const SHED_FROM = 0.75;
/** Share of the places that is left to higher priorities by those that are shed altogether. */
const RESERVE = 0.1;

/** The state of one stack; numbers in, decisions out, no clock. */
export class PriorityShedding {
  readonly #arrived = new Array<number>(LEVELS).fill(0);
  readonly #recent = new Array<number>(LEVELS).fill(0);
  readonly #chance = new Array<number>(LEVELS).fill(0);
  #shed = 0;
  #refused = 0;
  #share = 0;
  /** Share of recent calls above the priority at the edge. */
  #above = 0;
  #startMs = 0;

  /** Share of all calls that is being shed, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** A call has come. */
  arrived(level: number, nowMs: number): void {
    if (nowMs - this.#startMs >= WINDOW_MS || this.#refused >= ENOUGH_REFUSED) this.#roll(nowMs);
    this.#arrived[level]!++;
  }

  /**
   * True when the call is to be refused although there may be a place.
   * @param taken - share of the places that is taken, 0 to 1.
   * @param random - drawn from only for the priority at the edge.
   */
  sheds(level: number, taken: number, random: () => number): boolean {
    const chance = this.#chance[level]!;
    if (chance === 0 || taken < SHED_FROM || (chance < 1 && random() >= chance)) return false;
    this.#shed++;
    return true;
  }

  /** True while calls of some priority are refused although there may be a place. */
  isShedding(taken: number): boolean {
    return this.#share > 0 && taken >= SHED_FROM;
  }

  /** A call that was not shed found no place. */
  refused(): void {
    this.#refused++;
  }

  /** Places that this level must leave free for higher ones; there is always one that it need not. */
  reserve(level: number, limit: number): number {
    const share = this.#chance[level]! * Math.min(RESERVE, this.#above);
    return share === 0 ? 0 : Math.min(limit - 1, Math.round(limit * share));
  }

  #roll(nowMs: number): void {
    const windows = Math.max(1, Math.floor((nowMs - this.#startMs) / WINDOW_MS));
    const arrived = this.#arrived.reduce((sum, count) => sum + count, 0);
    // Of several windows only the first had calls.
    if (this.#refused === 0) this.#share *= DECAY;
    else if (arrived >= LEAST_CALLS) {
      // Displaced calls may have come in an earlier window, so more may be refused than were offered in this one.
      this.#share += (1 - this.#share) * Math.min(1, this.#refused / (arrived - this.#shed));
    }
    this.#share *= DECAY ** (windows - 1);
    for (let level = 0; level < LEVELS; level++) {
      const recent = this.#recent[level]! * MEMORY ** windows + this.#arrived[level]!;
      this.#recent[level] = recent < LEAST_RECENT ? 0 : recent;
      this.#arrived[level] = 0;
    }
    this.#shed = 0;
    this.#refused = 0;
    this.#startMs = nowMs;
    this.#spread();
  }

  /** Hands the share out over the priorities, from the lowest up; each level takes what those below have left of it. */
  #spread(): void {
    const total = this.#recent.reduce((sum, count) => sum + count, 0);
    const highest = total === 0 ? LEVELS : this.#recent.findIndex((count) => count > 0);
    // More than all that stands below cannot be shed, and would only take longer to forget.
    const below = total === 0 ? 0 : 1 - this.#recent[highest]! / total;
    this.#share = this.#share < LEAST_SHARE ? 0 : Math.min(this.#share, below);
    let left = this.#share * total;
    let above = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const calls = this.#recent[level]!;
      let chance = 0;
      // Of a priority that was not seen lately all are shed, if it stands below one that is shed.
      if (level > highest && left > LEAST_RECENT) chance = calls === 0 ? 1 : Math.min(1, left / calls);
      left -= chance * calls;
      if (chance === 0) above += calls;
      this.#chance[level] = chance;
    }
    this.#above = total === 0 ? 0 : above / total;
  }
}
