import type { EventSink, FwkEvent } from '../events/event-sink.js';

/** A sink that keeps what it is told. */
export interface RecordedEvents extends EventSink {
  readonly all: readonly FwkEvent[];
  /** Names in order of arrival. */
  readonly names: readonly string[];
}

/** Makes a recording sink; times are 0. */
export function recordEvents(): RecordedEvents {
  const all: FwkEvent[] = [];
  return {
    all,
    get names() {
      return all.map((event) => event.name);
    },
    emit: (name, data) => void all.push({ name, atMs: 0, data }),
  };
}
