import { isatty } from 'node:tty';
import {
  anything,
  checkOptions,
  detached,
  type LogFields,
  type Logger,
  millisecondsIn,
  oneOf,
  type Token,
  token,
} from '@fwk/kernel';
import { callFields } from './call-fields.js';
import { jsonText } from './json-text.js';
import { type LogLevel, logLevels, rankOf, type WrittenLevel } from './log-level.js';
import { LineHead, lineOf, messageText, type PlainFields, plainFields } from './log-line.js';
import {
  isLoggerName,
  type LevelChange,
  LoggerLevels,
  levelsRule,
  type NamedLogger,
  rootName,
} from './logger-levels.js';
import {
  destinationRule,
  type LineDestination,
  type LoggerOptions,
  loggerDefaults,
  samplingRule,
} from './logger-options.js';
import { prettyLine } from './pretty-line.js';
import { type LeftOut, logSamplingDefaults, RepeatedLines } from './repeated-lines.js';
import { standardOutput } from './standard-output.js';

/** A logger whose levels can be changed while it runs. */
export interface LoggerControl extends Logger {
  /** Level of the root. Setting it holds for all loggers that have no level of their own. */
  level: LogLevel;
  /** Levels by the names of loggers. */
  readonly levels: LoggerLevels;
  /** Tells of every change of a level from now on; one listener, the last. */
  onLevelChange: ((change: LevelChange) => void) | undefined;
  /** Writes what still waits, such as the number of lines that were left out. Lines after it are written too. */
  flush(): Promise<void>;
}

/** The application's logger. */
export const loggerToken: Token<Logger> = token('logger');

/**
 * Makes a logger that writes one line for each entry, with what is known of the call that it belongs to: trace, span, operation and
 * caller. A child with a field `logger` is a logger of that name, and may have a level of its own.
 *
 * No line has a key twice: what the line says of itself (level, time, message, call, bindings) stays, and a field of the
 * same name is written as `_name`. Secrets are masked by the judge of the configuration, in fields, errors and messages.
 * Logging never throws, whatever it is given.
 * @throws OptionsError
 */
export function createLogger(options: Partial<LoggerOptions> = {}): LoggerControl {
  const checked = checkOptions('createLogger', options, loggerDefaults, {
    level: oneOf(...logLevels),
    levels: levelsRule,
    format: oneOf('auto', 'json', 'pretty'),
    sampling: samplingRule,
    destination: destinationRule,
    bindings: anything,
    clock: anything,
    loadAfterMs: millisecondsIn(0, 60_000),
  });
  return new RootLogger(new Writer(checked));
}

/** What a logger and its children share. */
class Writer {
  readonly levels: LoggerLevels;
  readonly root: PlainFields;
  onLevelChange: ((change: LevelChange) => void) | undefined;
  readonly #clock: LoggerOptions['clock'];
  readonly #destination: LineDestination & { flush?(): Promise<void> | void };
  readonly #pretty: boolean;
  readonly #coloured: boolean;
  readonly #repeated: RepeatedLines | undefined;
  #second = Number.NaN;
  #secondText = '';

  constructor(options: LoggerOptions) {
    const { clock, destination, sampling, format } = options;
    this.#clock = clock;
    const terminal = destination === 'stdout' && isatty(1);
    this.#destination = destination === 'stdout' ? standardOutput(clock, options.loadAfterMs) : destination;
    this.#pretty = format === 'pretty' || (format === 'auto' && terminal);
    this.#coloured = terminal && !process.env.NO_COLOR;
    this.root = plainFields(options.bindings);
    this.levels = new LoggerLevels(clock, options.level, (change) => this.onLevelChange?.(change));
    this.levels.configure(options.levels);
    if (sampling !== false) {
      const tell = (left: LeftOut) => this.#tellLeftOut(left);
      this.#repeated = new RepeatedLines(clock, { ...logSamplingDefaults, ...sampling }, tell);
    }
  }

  write(level: WrittenLevel, named: NamedLogger, head: LineHead, fields: unknown, message: unknown): void {
    const atMs = this.#clock.wallTime();
    if (this.#repeated && typeof message === 'string' && !this.#repeated.admit(level, named.name, message, atMs))
      return;
    this.#put(level, head, fields, message, atMs);
  }

  async flush(): Promise<void> {
    this.#repeated?.tellAll();
    try {
      await this.#destination.flush?.();
    } catch {
      // As in `#put`.
    }
  }

  #put(level: WrittenLevel, head: LineHead, fields: unknown, message: unknown, atMs: number): void {
    try {
      this.#destination.write(this.#lineOf(level, head, fields, messageText(message), this.#timeOf(atMs)));
    } catch {
      // The destination failed. Whoever wrote the line cannot help it, and must not fail for it.
    }
  }

  #lineOf(level: WrittenLevel, head: LineHead, fields: unknown, message: string, time: string): string {
    const call = callFields();
    if (this.#pretty) {
      const line = { level, time, ...lineOf(head.root, head.added, plainFields(fields), call), message };
      return prettyLine(line, this.#coloured);
    }
    return `{"level":"${level}","time":"${time}"${head.jsonOf(fields, call)},"message":${jsonText(message)}}\n`;
  }

  /** The ISO form. Making it anew for each line costs as much as all else of the head. */
  #timeOf(atMs: number): string {
    const second = Math.floor(atMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date(second * 1000).toISOString().slice(0, -4);
    }
    return `${this.#secondText}${String(1000 + Math.floor(atMs - second * 1000)).slice(1)}Z`;
  }

  #tellLeftOut({ level, logger, message, count, windowMs }: LeftOut): void {
    const named = logger === rootName ? {} : { logger };
    const fields = { leftOut: count, windowMs };
    detached(() => this.#put(level, new LineHead(this.root, named), fields, message, this.#clock.wallTime()));
  }
}

const ranks = { debug: rankOf('debug'), info: rankOf('info'), warn: rankOf('warn'), error: rankOf('error') };

class LoggerNode implements Logger {
  protected readonly writer: Writer;
  readonly #named: NamedLogger;
  readonly #added: PlainFields;
  #head: LineHead | undefined;

  constructor(writer: Writer, named: NamedLogger, added: PlainFields) {
    this.writer = writer;
    this.#named = named;
    this.#added = added;
  }

  debug(fields: LogFields, message: string): void {
    if (this.#named.rank <= ranks.debug) this.writer.write('debug', this.#named, this.#lineHead, fields, message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#named.rank <= ranks.info) this.writer.write('info', this.#named, this.#lineHead, fields, message);
  }

  warn(fields: LogFields, message: string): void {
    if (this.#named.rank <= ranks.warn) this.writer.write('warn', this.#named, this.#lineHead, fields, message);
  }

  error(fields: LogFields, message: string): void {
    if (this.#named.rank <= ranks.error) this.writer.write('error', this.#named, this.#lineHead, fields, message);
  }

  child(fields: LogFields): Logger {
    const added = plainFields(fields);
    const named = isLoggerName(added.logger) ? this.writer.levels.named(added.logger) : this.#named;
    return new LoggerNode(this.writer, named, { ...this.#added, ...added });
  }

  get #lineHead(): LineHead {
    this.#head ??= new LineHead(this.writer.root, this.#added);
    return this.#head;
  }
}

class RootLogger extends LoggerNode implements LoggerControl {
  constructor(writer: Writer) {
    super(writer, writer.levels.named(rootName), {});
  }

  get level(): LogLevel {
    return this.levels.levelOf(rootName).level;
  }

  set level(level: LogLevel) {
    this.levels.set(rootName, level);
  }

  get levels(): LoggerLevels {
    return this.writer.levels;
  }

  get onLevelChange(): LoggerControl['onLevelChange'] {
    return this.writer.onLevelChange;
  }

  set onLevelChange(listener: LoggerControl['onLevelChange']) {
    this.writer.onLevelChange = listener;
  }

  flush(): Promise<void> {
    return this.writer.flush();
  }
}
