/**
 * The numbers of all policies twice a second, as the Hystrix dashboard and Turbine read them. One timer serves all readers,
 * and runs only while there are some; what they are sent is written once.
 */
import {
  type Clock,
  type FeedReader,
  type ManagementFeed,
  managementFeed,
  serverSentEvent,
  type Timer,
} from '@fwk/kernel';
import { hystrixCommand } from './hystrix-command.js';
import { hystrixCollapser, hystrixThreadPool } from './hystrix-pools.js';
import type { PolicyReading } from './policy-reading.js';

/** Time between two messages of one policy, in milliseconds; a reader may ask for longer. */
export const hystrixTickMs = 500;
/** A reader that asks for less often than this is sent messages as often as this. */
const maxDelayMs = 60_000;
/** Looks back as far as the counts do. */
const peakTicks = 20;

/** See the head of this file. */
export class HystrixStream {
  readonly #readings: () => readonly PolicyReading[];
  readonly #clock: Clock;
  /** Each with the number of ticks between two messages. */
  readonly #readers = new Map<FeedReader, number>();
  #timer: Timer | undefined;
  #ticks = 0;
  /** What was under way and taken at the last ticks, by policy. */
  #seen = new Map<string, { readonly active: number[]; readonly taken: number[] }>();

  constructor(readings: () => readonly PolicyReading[], clock: Clock) {
    this.#readings = readings;
    this.#clock = clock;
  }

  /**
   * A feed for one reader.
   * @param delay - what it asks for, in milliseconds; whatever is no number means the usual.
   */
  feed(delay: string | undefined): ManagementFeed {
    const askedMs = /^\d{1,6}$/.test(delay ?? '') ? Number(delay) : hystrixTickMs;
    const everyTicks = Math.max(1, Math.round(Math.min(askedMs, maxDelayMs) / hystrixTickMs));
    return managementFeed({
      listen: (reader) => {
        this.#readers.set(reader, everyTicks);
        // Not only after the first tick, so that a dashboard shows something at once.
        reader.send(this.#written());
        this.#timer ??= this.#clock.setTimer(() => this.#tick(), hystrixTickMs, true);
        return { [Symbol.dispose]: () => this.#leave(reader) };
      },
    });
  }

  #leave(reader: FeedReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === undefined) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#seen.clear();
  }

  #tick(): void {
    this.#timer = this.#clock.setTimer(() => this.#tick(), hystrixTickMs, true);
    this.#ticks++;
    const written = this.#written();
    for (const [reader, everyTicks] of [...this.#readers]) if (this.#ticks % everyTicks === 0) reader.send(written);
  }

  /** Everything there is to say now; a comment where that is nothing. */
  #written(): string {
    const nowMs = this.#clock.wallTime();
    const before = this.#seen;
    this.#seen = new Map();
    const messages = this.#readings().flatMap((reading) => {
      const taken = reading.bulkheads.reduce((sum, { inUse }) => sum + inUse, 0);
      const last = before.get(reading.name) ?? { active: [], taken: [] };
      const active = [...last.active, reading.calls.statistics.inFlight].slice(-peakTicks);
      const places = [...last.taken, taken].slice(-peakTicks);
      this.#seen.set(reading.name, { active, taken: places });
      return [
        hystrixCommand(reading, Math.max(...active), nowMs),
        hystrixThreadPool(reading, Math.max(...places), nowMs),
        hystrixCollapser(reading, nowMs),
      ].filter((message) => message !== undefined);
    });
    if (messages.length === 0) return ': ping\n\n';
    return messages.map((message) => serverSentEvent({ data: JSON.stringify(message) })).join('');
  }
}
