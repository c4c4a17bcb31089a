import { detached } from '../context/ambient.js';
import { warnOfListener } from '../errors/listener-error.js';
import type { Clock } from '../time/clock.js';
import { systemClock } from '../time/system-clock.js';
import type { EventSink, FwkEvent } from './event-sink.js';

/** A sink that hands events on to listeners. Read-only by rule: no listener can change what happens. */
export interface EventBus extends EventSink {
  /** Listens to one name, to a family (`breaker.*`) or to all (`*`). A listener that throws stops nobody. */
  on(pattern: string, listener: (event: FwkEvent) => void): Disposable;
}

/** Options of {@link eventBus}. */
export interface EventBusOptions {
  /** @defaultValue the system clock */
  readonly clock?: Clock;
  /** What a throwing listener's error is given to. @defaultValue a process warning */
  readonly onListenerError?: (error: unknown, event: FwkEvent) => void;
}

interface Entry {
  readonly matches: (name: string) => boolean;
  readonly listener: (event: FwkEvent) => void;
}

/** Makes an event bus. */
export function eventBus(options: EventBusOptions = {}): EventBus {
  const clock = options.clock ?? systemClock;
  const onError = options.onListenerError ?? warn;
  const entries = new Set<Entry>();
  // Whoever emits is in the middle of something: not even a handler that throws may reach it.
  const report = (error: unknown, event: FwkEvent) => {
    try {
      onError(error, event);
    } catch (second) {
      warn(second, event);
    }
  };
  const tell = (heard: readonly Entry[], event: FwkEvent) => {
    for (const entry of heard) {
      // A listener may have disposed a later one meanwhile.
      if (!entries.has(entry)) continue;
      try {
        entry.listener(event);
      } catch (error) {
        report(error, event);
      }
    }
  };
  return {
    emit(name, data) {
      if (entries.size === 0) return;
      const heard = [...entries].filter((entry) => entry.matches(name));
      if (heard.length === 0) return;
      const event: FwkEvent = { name, atMs: clock.wallTime(), data };
      // What a listener begins is no part of the call that the event is about.
      detached(() => tell(heard, event));
    },
    on(pattern, listener) {
      const entry: Entry = { matches: eventMatcher(pattern), listener };
      entries.add(entry);
      return { [Symbol.dispose]: () => void entries.delete(entry) };
    },
  };
}

/** Tells which names a pattern means: one name, a family (`breaker.*`), or all (`*`). */
export function eventMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  if (!pattern.endsWith('.*')) return (name) => name === pattern;
  const family = pattern.slice(0, -1);
  return (name) => name.startsWith(family);
}

function warn(error: unknown, event: FwkEvent): void {
  warnOfListener(error, `the event "${event.name}"`);
}
