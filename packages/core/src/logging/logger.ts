import {
  anything,
  type Clock,
  checkOptions,
  currentContext,
  type LogFields,
  type Logger,
  oneOf,
  systemClock,
  type Token,
  token,
} from '@fwk/kernel';
import type { DestinationStream, Logger as Pino } from 'pino';
import { type TraceContext, traceKey } from '../tracing/trace-context.js';
import { plainLine } from './plain-line.js';

/** What is written; `silent` writes nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** All levels, most talkative first. */
export const logLevels: readonly LogLevel[] = Object.freeze(['debug', 'info', 'warn', 'error', 'silent']);

/** Where lines go: the process's standard output, or anything that takes one JSON line at a time. */
export type LogDestination = 'stdout' | { write(line: string): void };

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** @defaultValue 'info' */
  readonly level: LogLevel;
  /** @defaultValue 'stdout' */
  readonly destination: LogDestination;
  /** Fields of every line: service, instance, version. @defaultValue none */
  readonly bindings: LogFields;
  /** Stamps lines. @defaultValue the system clock */
  readonly clock: Clock;
  /** How long pino's loading may wait after the first line, in milliseconds; lines are kept meanwhile. @defaultValue 50 */
  readonly loadAfterMs: number;
}

/** Defaults of {@link LoggerOptions}. */
export const loggerDefaults: Readonly<LoggerOptions> = Object.freeze({
  level: 'info',
  destination: 'stdout',
  bindings: Object.freeze({}),
  clock: systemClock,
  loadAfterMs: 50,
});

/** A logger whose level can be changed while it runs, for itself and all its children. */
export interface LoggerControl extends Logger {
  level: LogLevel;
  /** Ends once everything is written. Call it last; what is still kept when the process exits is written as well. */
  flush(): Promise<void>;
}

/** The application's logger. */
export const loggerToken: Token<Logger> = token('logger');

type WrittenLevel = Exclude<LogLevel, 'silent'>;

interface Line {
  readonly from: LoggerNode;
  readonly level: WrittenLevel;
  readonly fields: LogFields;
  readonly message: string;
  readonly atMs: number;
  readonly trace: TraceContext | undefined;
}

/**
 * Makes a logger that writes JSON lines by pino, with the current trace's ids. pino costs 10 to 20 ms to load, so that
 * waits until shortly after the first line; lines are kept until then, and are written even when the process exits
 * first, then without pino.
 */
export function createLogger(options: Partial<LoggerOptions> = {}): LoggerControl {
  const checked = checkOptions('createLogger', options, loggerDefaults, {
    level: oneOf(...logLevels),
    destination: anything,
    bindings: anything,
    clock: anything,
    loadAfterMs: anything,
  });
  return new LoggerNode(new Writer(checked), undefined, undefined);
}

/** What a logger and its children share: pino once it is loaded, and the lines that wait for it. */
class Writer {
  level: LogLevel;
  root: Pino | undefined;
  readonly #options: LoggerOptions;
  readonly #kept: Line[] = [];
  #replayed: Line | undefined;
  #loading: Promise<void> | undefined;

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.level = options.level;
  }

  write(from: LoggerNode, level: WrittenLevel, fields: LogFields, message: string): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(this.level)) return;
    if (this.root) {
      from.target(this.root)[level](fields, message);
      return;
    }
    const { clock, loadAfterMs } = this.#options;
    this.#kept.push({ from, level, fields, message, atMs: clock.wallTime(), trace: currentContext().get(traceKey) });
    if (this.#kept.length > 1) return;
    process.once('exit', this.#writePlainly);
    clock.setTimer(this.load, loadAfterMs, true);
  }

  /** Loads pino, if it is not there, and writes what was kept, each line with its own time and trace. */
  readonly load = (): Promise<void> => {
    if (this.#kept.length > 0) this.#loading ??= import('pino').then(({ pino }) => this.#replay(this.#makePino(pino)));
    return this.#loading ?? Promise.resolve();
  };

  #replay(root: Pino): void {
    process.off('exit', this.#writePlainly);
    this.root = root;
    for (const line of this.#kept.splice(0)) {
      this.#replayed = line;
      line.from.target(root)[line.level](line.fields, line.message);
    }
    this.#replayed = undefined;
  }

  /** The process exits: what pino has not been loaded for is written without it. */
  readonly #writePlainly = (): void => {
    const { destination, bindings } = this.#options;
    for (const { from, level, fields, message, atMs, trace } of this.#kept.splice(0)) {
      const ids = trace ? { traceId: trace.traceId, spanId: trace.spanId } : {};
      const time = new Date(atMs).toISOString();
      const line = plainLine({ level, time, ...bindings, ...from.fields, ...ids, ...fields, message });
      (destination === 'stdout' ? process.stdout : destination).write(line);
    }
  };

  #makePino(pino: typeof import('pino').pino): Pino {
    const { destination, bindings, clock } = this.#options;
    const stream: DestinationStream = destination === 'stdout' ? pino.destination({ fd: 1, sync: true }) : destination;
    return pino(
      {
        // Levels are judged before pino is asked, so that changing one reaches children that exist already.
        level: 'debug',
        messageKey: 'message',
        base: bindings,
        timestamp: () => `,"time":"${new Date(this.#replayed?.atMs ?? clock.wallTime()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        // pino writes into what this returns: always a fresh object.
        mixin: () => {
          const trace = this.#replayed ? this.#replayed.trace : currentContext().get(traceKey);
          return trace ? { traceId: trace.traceId, spanId: trace.spanId } : {};
        },
      },
      stream,
    );
  }
}

class LoggerNode implements LoggerControl {
  readonly #writer: Writer;
  readonly #parent: LoggerNode | undefined;
  readonly #fields: LogFields | undefined;
  #target: Pino | undefined;

  constructor(writer: Writer, parent: LoggerNode | undefined, fields: LogFields | undefined) {
    this.#writer = writer;
    this.#parent = parent;
    this.#fields = fields;
  }

  get level(): LogLevel {
    return this.#writer.level;
  }

  set level(level: LogLevel) {
    this.#writer.level = level;
  }

  /** Its own fields and those of the loggers above it. */
  get fields(): LogFields {
    return { ...this.#parent?.fields, ...this.#fields };
  }

  target(root: Pino): Pino {
    this.#target ??= this.#parent ? this.#parent.target(root).child({ ...this.#fields }) : root;
    return this.#target;
  }

  debug(fields: LogFields, message: string): void {
    this.#writer.write(this, 'debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#writer.write(this, 'info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#writer.write(this, 'warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#writer.write(this, 'error', fields, message);
  }

  child(fields: LogFields): Logger {
    return new LoggerNode(this.#writer, this, fields);
  }

  flush(): Promise<void> {
    return this.#writer.load();
  }
}
