import { randomFlag, sampledFlag, type TraceContext } from '@fwk/core';
import { type Clock, WallOffset } from '@fwk/kernel';
import { type ContextWriter, type EncodedKey, encodeKey, writeDeadline, writeTrace } from '@fwk/mux';
import type { AttemptWriter } from '../calling/write-attempt.js';
import { headerNames } from '../wire/headers.js';

const keys: ReadonlyMap<string, EncodedKey> = new Map(
  Object.values(headerNames).map((name) => [name, encodeKey(name)]),
);

/** Writes what an attempt carries as contexts of Mux. One serves all attempts of a connection, one after the other. */
export class AttemptContexts implements AttemptWriter {
  readonly #offset: WallOffset;
  #contexts: ContextWriter | undefined;

  constructor(clock: Clock) {
    this.#offset = new WallOffset(clock);
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
    if (this.#contexts) writeDeadline(this.#contexts, nowMs + this.#offset.at(nowMs), remainingMs);
  }
}
