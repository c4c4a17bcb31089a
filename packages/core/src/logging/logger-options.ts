import { type Clock, integerIn, type Live, type LogFields, millisecondsIn, systemClock } from '@fwk/kernel';
import type { LogLevel } from './log-level.js';
import type { ConfiguredLevels } from './logger-levels.js';
import { type LogSampling, logSamplingDefaults } from './repeated-lines.js';

/** Takes one line at a time, its line end included. */
export interface LineDestination {
  write(line: string): void;
}

/** Where lines go: the process's standard output, or anything that takes lines, such as a transport of pino. */
export type LogDestination = 'stdout' | LineDestination;

/** `auto`: `pretty` where the standard output is a terminal, else `json`. */
export type LogFormat = 'auto' | 'json' | 'pretty';

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Level of all loggers that `levels` gives none. @defaultValue 'info' */
  readonly level: LogLevel;
  /**
   * Levels by the names of loggers; those of `http` hold for `http.server` too, where that has none. A live value is followed.
   * @defaultValue none
   */
  readonly levels: ConfiguredLevels | Live<ConfiguredLevels>;
  /** @defaultValue 'auto' */
  readonly format: LogFormat;
  /** How lines that come again and again are left out; false writes all. @defaultValue the first 100 equal lines of each second */
  readonly sampling: Partial<LogSampling> | false;
  /** @defaultValue 'stdout' */
  readonly destination: LogDestination;
  /** Fields of every line: service, instance, version. @defaultValue none */
  readonly bindings: LogFields;
  /** Stamps lines. @defaultValue the system clock */
  readonly clock: Clock;
  /** How long after the first line pino is loaded, 0 to 60,000 milliseconds. @defaultValue 50 */
  readonly loadAfterMs: number;
}

/** Defaults of {@link LoggerOptions}. */
export const loggerDefaults: Readonly<LoggerOptions> = Object.freeze({
  level: 'info',
  levels: Object.freeze({}),
  format: 'auto',
  sampling: logSamplingDefaults,
  destination: 'stdout',
  bindings: Object.freeze({}),
  clock: systemClock,
  loadAfterMs: 50,
});

/** Says what is wrong with a destination. */
export function destinationRule(value: unknown): string | undefined {
  const valid = value === 'stdout' || (typeof value === 'object' && value !== null && 'write' in value);
  return valid ? undefined : '"stdout" or something with write(line)';
}

const sampling = { first: integerIn(1, 1_000_000), windowMs: millisecondsIn(100, 3_600_000) };

/** Says what is wrong with a sampling. */
export function samplingRule(value: unknown): string | undefined {
  if (value === false) return undefined;
  const form = `false, or an object with first (${sampling.first(undefined)}) and windowMs (${sampling.windowMs(undefined)})`;
  if (typeof value !== 'object' || value === null) return form;
  const wrong = Object.entries(value).some(([name, each]) => {
    if (each === undefined) return false;
    return !Object.hasOwn(sampling, name) || sampling[name as keyof typeof sampling](each) !== undefined;
  });
  return wrong ? form : undefined;
}
