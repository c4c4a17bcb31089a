import type { Clock } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { HealthSettings } from '../health-settings.js';
import { diskIndicator } from './disk.js';
import { eventLoopIndicator } from './event-loop.js';
import { type LoopWatch, loopWatch } from './loop-watch.js';
import { memoryIndicator } from './memory.js';
import { overloadIndicator } from './overload.js';

/** What the built-in checks look at. */
export interface BuiltInParts {
  readonly clock: Clock;
  /** The settings in force. */
  readonly settings: () => HealthSettings;
  /** Calls in flight. */
  readonly inFlight: () => number;
}

/** The checks that every application has. Dispose them with it. */
export interface BuiltInIndicators extends Disposable {
  readonly all: readonly BuiltInIndicator[];
}

/** Makes the checks of the process itself: `event-loop`, `memory`, `disk`, and `overload`, which settings turn on. */
export function builtInIndicators({ clock, settings, inFlight }: BuiltInParts): BuiltInIndicators {
  const watches: LoopWatch[] = [];
  /** A watch of its own for each check that reads it, since a look ends one stretch and begins the next. */
  const watched = () => {
    let watch: LoopWatch | undefined;
    return () => {
      if (!watch) {
        watch = loopWatch();
        watches.push(watch);
      }
      return watch.read();
    };
  };
  const readForOverload = watched();
  return {
    all: [
      eventLoopIndicator(() => settings().eventLoop, watched()),
      memoryIndicator(() => settings().memory),
      diskIndicator(() => settings().disk),
      overloadIndicator(
        clock,
        () => settings().overload,
        () => {
          const { lagMs, utilization } = readForOverload();
          return { lagMs, utilization, inFlight: inFlight() };
        },
      ),
    ],
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]();
    },
  };
}
