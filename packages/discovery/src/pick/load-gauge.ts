/**
 * Measures the load of a server for its reports. The latency that it tells is that of a call which comes now. Calls take longer the
 * more of them a server works on, so what is averaged is the time of a call for each call in flight when it began,
 * `ewma = ewma·w + (elapsed / in flight)·(1 − w)` with `w = exp(−Δt/τ)`; it is told times the calls in flight and one more.
 */
import type { Clock } from '@fwk/kernel';
import type { LoadReport } from './load-report.js';

/** τ: what was measured a second ago counts a third of what is measured now. */
const DECAY_MS = 1000;

/** See the head of this file. */
export class LoadGauge implements LoadReport {
  inFlight = 0;
  readonly #clock: Clock;
  #perCallMs = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get latencyMs(): number {
    return this.#perCallMs * (this.inFlight + 1);
  }

  /** A call begins. @returns the calls in flight with it; to be handed to `answered` */
  begin(): number {
    return ++this.inFlight;
  }

  /** A call was answered as it should be. */
  answered(elapsedMs: number, inFlight: number): void {
    this.inFlight--;
    const nowMs = this.#clock.now();
    const weight = Math.exp((this.#atMs - nowMs) / DECAY_MS);
    this.#perCallMs = this.#perCallMs * weight + (elapsedMs / inFlight) * (1 - weight);
    this.#atMs = nowMs;
  }

  /** A call ended in another way: refused, failed, given up. How long that took says nothing about the others. */
  ended(): void {
    this.inFlight--;
  }
}
