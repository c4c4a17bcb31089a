import type { Counter, Gauge, Labels, Meter } from '@fwk/kernel';

/** The metrics of all sessions of one client or one server. */
export class SessionSeries {
  readonly #sessions: Gauge;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #writes: Counter;

  /** @param labels - whose sessions they are; each combination of values is a series, so keep them few */
  constructor(metrics: Meter, labels: Labels) {
    const frames = { name: 'mux.frames', help: 'Frames that Mux sessions sent and received.' };
    this.#sessions = metrics.gauge({ name: 'mux.sessions', help: 'Open Mux sessions.' }, labels);
    this.#received = metrics.counter(frames, { ...labels, direction: 'received' });
    this.#sent = metrics.counter(frames, { ...labels, direction: 'sent' });
    this.#writes = metrics.counter({ name: 'mux.writes', help: 'Writes to the connections of Mux sessions.' }, labels);
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
