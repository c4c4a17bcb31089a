import type { Counter, Gauge, Labels, Meter } from '@fwk/kernel';

/** The metrics of the sessions of one client or one server. Made once; all its sessions count here. */
export class SessionSeries {
  readonly #sessions: Gauge;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #writes: Counter;

  /** @param labels - whose sessions they are: few values */
  constructor(metrics: Meter, labels: Labels) {
    const frames = { name: 'mux.frames', help: 'Frames of Mux sessions.' };
    this.#sessions = metrics.gauge({ name: 'mux.sessions', help: 'Open Mux sessions.' }, labels);
    this.#received = metrics.counter(frames, { ...labels, direction: 'received' });
    this.#sent = metrics.counter(frames, { ...labels, direction: 'sent' });
    this.#writes = metrics.counter({ name: 'mux.writes', help: 'Writes by which frames were sent.' }, labels);
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

  /** One write. */
  sent(frames: number): void {
    this.#sent.add(frames);
    this.#writes.add();
  }
}
