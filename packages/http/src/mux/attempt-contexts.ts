import { randomFlag, sampledFlag, type TraceContext } from '@fwk/core';
import type { Clock } from '@fwk/kernel';
import { type ContextWriter, type EncodedKey, encodeKey, writeDeadline, writeTrace } from '@fwk/mux';
import type { AttemptWriter } from '../calling/write-attempt.js';
import { headerNames } from '../wire/headers.js';

const keys: ReadonlyMap<string, EncodedKey> = new Map(
  Object.values(headerNames).map((name) => [name, encodeKey(name)]),
);

/** How long the wall clock is taken to run in step with the other one, in milliseconds: reading it for each attempt costs more. */
const IN_STEP_MS = 1000;

/** Writes what an attempt carries as contexts of Mux. One serves all attempts of a connection, one after the other. */
export class AttemptContexts implements AttemptWriter {
  readonly #clock: Clock;
  #contexts: ContextWriter | undefined;
  /** When the wall clock was read, on the clock of limits, and what it was ahead of that one. */
  #readAtMs = Number.NEGATIVE_INFINITY;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says where to write. */
  to(contexts: ContextWriter): this {
    this.#contexts = contexts;
    return this;
  }

  header(name: string, value: string): void {
    this.#contexts?.text(keys.get(name) ?? encodeKey(name), value);
  }

  trace({ traceId, spanId, parentSpanId, flags }: TraceContext): void {
    // Who does not record a trace leaves it to the callee whether to.
    const sampled = (flags & sampledFlag) === 0 ? undefined : true;
    const random = (flags & randomFlag) !== 0;
    if (this.#contexts) writeTrace(this.#contexts, { traceId, spanId, sampled, random }, parentSpanId ?? spanId);
  }

  deadline(remainingMs: number, nowMs: number): void {
    if (nowMs - this.#readAtMs >= IN_STEP_MS) {
      this.#readAtMs = nowMs;
      this.#aheadMs = this.#clock.wallTime() - nowMs;
    }
    if (this.#contexts) writeDeadline(this.#contexts, nowMs + this.#aheadMs, remainingMs);
  }
}
