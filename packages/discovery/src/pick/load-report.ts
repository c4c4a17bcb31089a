/**
 * What servers say of their load on their answers: how many calls they work on, and how long a call takes now. It is a claim:
 * balancers use it to choose between endpoints, and what they measure themselves bounds how far it goes.
 */

/** The load of a server, in its own words. */
export interface LoadReport {
  /** Calls that it works on, whoever made them; the answered one no longer counts. */
  readonly inFlight: number;
  /** How long a call that comes now will take, going by recent ones; in milliseconds, 0 while there were none. */
  readonly latencyMs: number;
}

/**
 * Takes what a server said. Numbers that no server can have are ignored.
 * @param probed - whether it was asked for its load alone; otherwise it was said on the answer of a call.
 */
export type TakeReport = (inFlight: number, latencyMs: number, probed: boolean) => void;

/** Most calls that are believed to be in flight at one server. */
const MOST_IN_FLIGHT = 1_000_000;
/** Longest latency that is believed, in milliseconds: an hour. */
const LONGEST_MS = 3_600_000;

/** What a client has heard of an endpoint. */
export class HeardLoad implements LoadReport {
  inFlight = 0;
  latencyMs = 0;
  /** Those of them that are not our own. */
  others = 0;
  /** When it was heard, on the clock of the balancer. */
  atMs = Number.NEGATIVE_INFINITY;
  /** How often in a row it was picked for what it said. */
  taken = 0;

  /**
   * Takes a report.
   * @param own - our calls that the server counts.
   * @returns whether it can be true
   */
  hear(nowMs: number, inFlight: number, latencyMs: number, own: number): boolean {
    if (!(inFlight >= 0 && inFlight <= MOST_IN_FLIGHT && latencyMs >= 0 && latencyMs <= LONGEST_MS)) return false;
    this.inFlight = inFlight;
    this.latencyMs = latencyMs;
    // Calls on their way are counted here and not yet there.
    this.others = Math.max(0, inFlight - own);
    this.atMs = nowMs;
    return true;
  }
}
