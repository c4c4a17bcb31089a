import type { Counter, Gauge, Labels, Meter } from '@fwk/kernel';
import { muxMetrics } from '../metrics.js';

/** The metrics of all sessions of one client or one server. */
export class SessionSeries {
  readonly #sessions: Gauge;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #writes: Counter;

  /** @param labels - whose sessions they are; each combination of values is a series, so keep them few */
  constructor(metrics: Meter, labels: Labels) {
    const frames = muxMetrics['mux.frames'];
    this.#sessions = metrics.gauge(muxMetrics['mux.sessions'], labels);
    this.#received = metrics.counter(frames, { ...labels, direction: 'received' });
    this.#sent = metrics.counter(frames, { ...labels, direction: 'sent' });
    this.#writes = metrics.counter(muxMetrics['mux.writes'], labels);
  }

  began(): void {
    this.#sessions.add(1);
  }

  ended(): void {
    this.#sessions.add(-1);
  }

  received(frames: number): void {
    this.#received.add(frames);
  }

  /** One write. @param frames - how many it contained */
  sent(frames: number): void {
    this.#sent.add(frames);
    this.#writes.add();
  }
}
