/**
 * How long an instance is thought to be as it was while the agent has not made its check: an agent that was restarted
 * counts checks as critical until it has made them, which takes up to their interval. The time is bounded, since Consul
 * brings a check that is made and fails to the servers minutes later when it counted as critical before.
 */
import type { Clock } from '@fwk/kernel';

/** Longer than the intervals that people use. */
const LIMIT_MS = 30_000;

/** Remembers since when the checks of one service's instances say nothing. */
export class BenefitOfDoubt {
  readonly #clock: Clock;
  #since: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Reads a list of instances.
   * @param read - reads it, and asks by the instance's id whether one whose check says nothing has the benefit of the doubt.
   */
  during<T>(read: (given: (id: string) => boolean) => T): T {
    const nowMs = this.#clock.now();
    const since = new Map<string, number>();
    const result = read((id) => {
      const sinceMs = this.#since.get(id) ?? nowMs;
      since.set(id, sinceMs);
      return nowMs - sinceMs < LIMIT_MS;
    });
    this.#since = since;
    return result;
  }

  /** Milliseconds until the next instance loses it; undefined when none has it. */
  get endsInMs(): number | undefined {
    const nowMs = this.#clock.now();
    const left = [...this.#since.values()].map((sinceMs) => sinceMs + LIMIT_MS - nowMs).filter((leftMs) => leftMs > 0);
    return left.length > 0 ? Math.min(...left) : undefined;
  }
}
