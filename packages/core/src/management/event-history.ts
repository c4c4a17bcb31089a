/**
 * The last events of an application. A reader who was away goes on behind the last one that it knows, and one who comes
 * late sees what led to it. What is kept is bounded: the oldest go first, and a reader who has missed some is told.
 */
import { type EventBus, type FwkEvent, redact } from '@fwk/kernel';

/** Events that are kept. */
export const maxKeptEvents = 1000;

/** An event that is written with more characters is shown without its data. */
const maxEventLength = 65_536;

/** An event and its place among all of this process. */
export interface KeptEvent {
  readonly id: string;
  readonly name: string;
  readonly event: FwkEvent;
}

/** What a reader has missed. */
export interface Gap {
  /** How many events are not kept any more, whatever their names; null where nobody can tell. */
  readonly missed: number | null;
  readonly reason: string;
}

/** See the head of this file. */
export class EventHistory implements Disposable {
  readonly #run: string;
  readonly #ring: KeptEvent[] = [];
  readonly #capacity: number;
  readonly #listeners = new Set<(kept: KeptEvent) => void>();
  readonly #subscription: Disposable;
  /** How many there have been. */
  #count = 0;
  #written: { readonly kept: KeptEvent; readonly json: string } | undefined;

  /**
   * @param run - differs for each run of the application, so that an id of an earlier run is known as such.
   * @param capacity - how many are kept.
   */
  constructor(bus: EventBus, run: string, capacity: number = maxKeptEvents) {
    this.#run = run;
    this.#capacity = capacity;
    this.#subscription = bus.on('*', (event) => this.#add(event));
  }

  /** The id of the last event, and of none before there was one. */
  get lastId(): string {
    return `${this.#run}-${this.#count}`;
  }

  /** Those that are kept, oldest first. */
  get kept(): readonly KeptEvent[] {
    const oldest = this.#count % this.#capacity;
    return this.#count <= this.#capacity
      ? [...this.#ring]
      : [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }

  /** What came behind the event with this id, and what of that is lost. */
  after(id: string): { readonly gap: Gap | undefined; readonly events: readonly KeptEvent[] } {
    const { kept } = this;
    const [, run, digits] = /^([\w-]{1,64})-(\d{1,15})$/.exec(id) ?? [];
    const known = Number(digits);
    if (run !== this.#run || known > this.#count) {
      const reason = 'the last event that you know is none of this run of the application; all that is kept follows';
      return { gap: { missed: null, reason }, events: kept };
    }
    const missed = this.#count - kept.length - known;
    if (missed <= 0) return { gap: undefined, events: kept.slice(-missed) };
    const reason = `only the last ${this.#capacity} events are kept`;
    return { gap: { missed, reason }, events: kept };
  }

  /** Calls back with each event that follows. */
  on(listener: (kept: KeptEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** An event as JSON without secrets: `name`, `atMs`, `data`. */
  json(kept: KeptEvent): string {
    // All who listen are told of one event before the next.
    if (this.#written?.kept !== kept) this.#written = { kept, json: jsonOf(kept.event) };
    return this.#written.json;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #add(event: FwkEvent): void {
    const at = this.#count++ % this.#capacity;
    const kept = { id: this.lastId, name: event.name, event };
    this.#ring[at] = kept;
    for (const listener of [...this.#listeners]) listener(kept);
  }
}

function jsonOf(event: FwkEvent): string {
  const json = JSON.stringify(redact(event));
  if (json.length <= maxEventLength) return json;
  const data = { left_out: `${json.length} characters, of which at most ${maxEventLength} are shown` };
  return JSON.stringify({ name: event.name, atMs: event.atMs, data });
}
