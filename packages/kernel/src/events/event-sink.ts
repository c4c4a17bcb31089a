/** Where components say what has happened. Names are past tense (`breaker.opened`), data is plain. */
export interface EventSink {
  /** Must not throw: whoever emits is in the middle of something. An event bus keeps its listeners' errors to itself. */
  emit(name: string, data: Readonly<Record<string, unknown>>): void;
}

/** One thing that happened. */
export interface FwkEvent {
  readonly name: string;
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A sink that drops everything. */
export const noEvents: EventSink = { emit() {} };
