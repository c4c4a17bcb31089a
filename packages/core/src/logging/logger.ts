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
import { traceKey } from '../tracing/trace-context.js';
import { lineOf, messageText, type PlainFields, plainFields } from './log-line.js';

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
  readonly level: WrittenLevel;
  /** All of the line but level, time and message; plain data that is read now, since it may change later. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
  readonly atMs: number;
}

/**
 * Makes a logger that writes JSON lines by pino, with the current trace's ids. pino costs 10 to 20 ms to load, so that
 * waits until shortly after the first line; lines are kept until then, and are written even when the process exits
 * first, then without pino.
 *
 * No line has a key twice: what the line says of itself (level, time, message, trace, bindings) stays, and a field of the
 * same name is written as `_name`. Secrets are masked by the judge of the configuration, in fields, errors and messages.
 * Logging never throws, whatever it is given.
 */
export function createLogger(options: Partial<LoggerOptions> = {}): LoggerControl {
  const checked = checkOptions('createLogger', options, loggerDefaults, {
    level: oneOf(...logLevels),
    destination: anything,
    bindings: anything,
    clock: anything,
    loadAfterMs: anything,
  });
  return new LoggerNode(new Writer(checked), []);
}

/** What a logger and its children share: pino once it is loaded, and the lines that wait for it. */
class Writer {
  level: LogLevel;
  root: Pino | undefined;
  readonly #options: LoggerOptions;
  readonly #bindings: PlainFields;
  readonly #kept: Line[] = [];
  #written: Line | undefined;
  #loading: Promise<void> | undefined;

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#bindings = plainFields(options.bindings);
    this.level = options.level;
  }

  write(level: WrittenLevel, added: PlainFields, fields: unknown, message: unknown): void {
    if (logLevels.indexOf(level) < logLevels.indexOf(this.level)) return;
    const { clock, loadAfterMs } = this.#options;
    const trace = currentContext().get(traceKey);
    const line = {
      level,
      fields: lineOf(this.#bindings, added, plainFields(fields), trace),
      message: messageText(message),
      atMs: clock.wallTime(),
    };
    if (this.root) {
      this.#hand(this.root, line);
      return;
    }
    this.#kept.push(line);
    if (this.#kept.length > 1) return;
    process.once('exit', this.#writePlainly);
    clock.setTimer(this.load, loadAfterMs, true);
  }

  /** Loads pino, if it is not there, and writes what was kept, each line with its own time and trace. */
  readonly load = (): Promise<void> => {
    if (this.#kept.length > 0) {
      this.#loading ??= import('pino')
        .then(({ pino }) => this.#replay(this.#makePino(pino)))
        .catch(() => this.#goOnPlainly());
    }
    return this.#loading ?? Promise.resolve();
  };

  /** pino is missing, or being installed: a log must not end the program. The next line tries again. */
  #goOnPlainly(): void {
    process.off('exit', this.#writePlainly);
    this.#loading = undefined;
    this.#writePlainly();
  }

  #replay(root: Pino): void {
    process.off('exit', this.#writePlainly);
    this.root = root;
    for (const line of this.#kept.splice(0)) this.#hand(root, line);
  }

  /** The process exits, and loading pino cannot be waited for: what is kept is written without it. */
  readonly #writePlainly = (): void => {
    const { destination } = this.#options;
    const target = destination === 'stdout' ? process.stdout : destination;
    for (const { level, fields, message, atMs } of this.#kept.splice(0)) {
      const time = new Date(atMs).toISOString();
      try {
        target.write(`${JSON.stringify({ level, time, ...fields, message })}\n`);
      } catch {
        // As below.
      }
    }
  };

  #hand(root: Pino, line: Line): void {
    this.#written = line;
    try {
      root[line.level](line.message);
    } catch {
      // The destination failed. Whoever wrote the line cannot help it, and must not fail for it.
    }
  }

  #makePino(pino: typeof import('pino').pino): Pino {
    const { destination } = this.#options;
    const stream: DestinationStream = destination === 'stdout' ? pino.destination({ fd: 1, sync: true }) : destination;
    return pino(
      {
        // Levels are judged before pino is asked, so that changing one reaches children that exist already.
        level: 'debug',
        messageKey: 'message',
        base: null,
        timestamp: () => `,"time":"${new Date(this.#written?.atMs ?? 0).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        // Fields go this way, since pino takes some objects that are handed to it for requests. It writes into them.
        mixin: () => ({ ...this.#written?.fields }),
      },
      stream,
    );
  }
}

class LoggerNode implements LoggerControl {
  readonly #writer: Writer;
  readonly #added: PlainFields;

  constructor(writer: Writer, added: PlainFields) {
    this.#writer = writer;
    this.#added = added;
  }

  get level(): LogLevel {
    return this.#writer.level;
  }

  set level(level: LogLevel) {
    this.#writer.level = level;
  }

  debug(fields: LogFields, message: string): void {
    this.#writer.write('debug', this.#added, fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#writer.write('info', this.#added, fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#writer.write('warn', this.#added, fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#writer.write('error', this.#added, fields, message);
  }

  child(fields: LogFields): Logger {
    return new LoggerNode(this.#writer, [...this.#added, ...plainFields(fields)]);
  }

  flush(): Promise<void> {
    return this.#writer.load();
  }
}
