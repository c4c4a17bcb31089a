/**
 * The levels of loggers by their names. Names are words joined by dots, and a logger without a level of its own has that of the
 * nearest name above it: `http.server` that of `http`, and that the one of `root`.
 *
 * A level comes from configuration or is set by hand. By hand wins, until it is taken back or its time is over.
 */
import { type Clock, type Live, millisecondsIn, OptionsError, type Timer } from '@fwk/kernel';
import { isLogLevel, type LogLevel, logLevels, rankOf } from './log-level.js';

/** Name of the logger above all. */
export const rootName = 'root';

/** Most names of loggers, and most levels set by hand: who names loggers by what comes from outside must not fill the memory. */
export const maxLoggers = 1000;

const nameForm = /^[\w-]{1,64}(?:\.[\w-]{1,64}){0,7}$/;

/** True for what can be the name of a logger: up to 8 words of letters, digits, `_` and `-`, joined by dots. */
export function isLoggerName(name: unknown): name is string {
  return typeof name === 'string' && nameForm.test(name);
}

/** A logger's level, and why it has it. */
export interface LoggerLevel {
  readonly level: LogLevel;
  /** By hand, by configuration, or by the code that made the logger. */
  readonly from: 'hand' | 'configuration' | 'default';
  /** The logger whose level it is, where that is another one. */
  readonly inherits?: string;
  /** When a level that was set by hand ends, in milliseconds since the epoch; absent for one that stays. */
  readonly untilMs?: number;
}

/** A change of a level. */
export interface LevelChange {
  readonly logger: string;
  readonly level: LogLevel;
  readonly was: LogLevel;
  readonly because: 'hand' | 'configuration' | 'expired';
  readonly untilMs?: number;
}

/** Levels by name, as configuration gives them. */
export type ConfiguredLevels = Readonly<Record<string, LogLevel>>;

/** Says what is wrong with levels by name; undefined when they are right. None is given by a configuration that says nothing of them. */
export function levelsRule(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const valid =
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([name, level]) => isLoggerName(name) && isLogLevel(level));
  return valid ? undefined : `an object of logger names and levels (${logLevels.join(', ')})`;
}

/** What loggers of one name share. */
export class NamedLogger {
  readonly name: string;
  /** Lines of a lower rank are not written. */
  rank = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface ByHand {
  readonly level: LogLevel;
  readonly untilMs: number | undefined;
  readonly timer: Timer | undefined;
}

/** See the head of this file. */
export class LoggerLevels implements Disposable {
  readonly #clock: Clock;
  readonly #named = new Map<string, NamedLogger>();
  readonly #byHand = new Map<string, ByHand>();
  readonly #base: LogLevel;
  readonly #changed: (change: LevelChange) => void;
  #configured: ReadonlyMap<string, LogLevel> = new Map();
  #following: Disposable | undefined;

  /**
   * @param base - level of the root, where nothing else gives it one.
   * @param changed - is told of each change while the program runs.
   */
  constructor(clock: Clock, base: LogLevel, changed: (change: LevelChange) => void) {
    this.#clock = clock;
    this.#base = base;
    this.#changed = changed;
  }

  /** What loggers of this name share; that of `root` for what cannot be a name, and once there are too many. */
  named(name: string): NamedLogger {
    const known = this.#named.get(name);
    if (known) return known;
    if (name !== rootName && (!isLoggerName(name) || this.#named.size >= maxLoggers)) return this.named(rootName);
    const made = new NamedLogger(name);
    made.rank = rankOf(this.levelOf(name).level);
    this.#named.set(name, made);
    return made;
  }

  /** The level in effect for a name, whether there is such a logger or not. */
  levelOf(name: string): LoggerLevel {
    for (let at: string | undefined = name; at !== undefined; at = above(at)) {
      const hand = this.#byHand.get(at);
      const level = hand?.level ?? this.#configured.get(at);
      if (level === undefined) continue;
      const from = hand ? 'hand' : 'configuration';
      const until = hand?.untilMs === undefined ? {} : { untilMs: hand.untilMs };
      return { level, from, ...(at !== name && { inherits: at }), ...until };
    }
    return { level: this.#base, from: 'default', ...(name !== rootName && { inherits: rootName }) };
  }

  /** Every logger that has been made and every name that has a level of its own, with the level in effect. */
  list(): Readonly<Record<string, LoggerLevel>> {
    const names = new Set([rootName, ...this.#configured.keys(), ...this.#byHand.keys(), ...this.#named.keys()]);
    return Object.fromEntries([...names].sort().map((name) => [name, this.levelOf(name)]));
  }

  /**
   * Sets a level by hand.
   * @param forMs - how long, 1 to 2^31 − 1 milliseconds; undefined for as long as the program runs.
   * @throws OptionsError for a name, level or time that cannot be.
   */
  set(name: string, level: LogLevel, forMs?: number): void {
    const problems: string[] = [];
    if (!isLoggerName(name)) problems.push('the name must be words of letters, digits, "_" and "-", joined by dots');
    if (!isLogLevel(level)) problems.push(`level must be one of ${logLevels.join(', ')}`);
    const range = forMs === undefined ? undefined : millisecondsIn(1)(forMs);
    if (range) problems.push(`forMs must be ${range}`);
    if (!this.#byHand.has(name) && this.#byHand.size >= maxLoggers) {
      problems.push(`there are ${maxLoggers} levels set by hand already; take some back`);
    }
    if (problems.length > 0)
      throw new OptionsError(`the level of the logger "${String(name).slice(0, 200)}"`, problems);
    const untilMs = forMs === undefined ? undefined : this.#clock.wallTime() + forMs;
    const timer = forMs === undefined ? undefined : this.#clock.setTimer(() => this.#expire(name), forMs, true);
    this.#change(name, 'hand', { level, untilMs, timer });
  }

  /** Takes back a level that was set by hand. @returns false where none was. */
  reset(name: string): boolean {
    if (!this.#byHand.has(name)) return false;
    this.#change(name, 'hand', undefined);
    return true;
  }

  /** Takes levels by name from configuration, in place of those before, and follows them where they are live. */
  configure(levels: ConfiguredLevels | Live<ConfiguredLevels | undefined>): void {
    this.#following?.[Symbol.dispose]();
    this.#following = undefined;
    if ('subscribe' in levels && typeof levels.subscribe === 'function') {
      const live = levels as Live<ConfiguredLevels | undefined>;
      this.#following = live.subscribe((next) => this.#follow(next));
      this.#take(live.value);
    } else this.#take(levels as ConfiguredLevels);
  }

  [Symbol.dispose](): void {
    this.#following?.[Symbol.dispose]();
    for (const { timer } of this.#byHand.values()) if (timer) this.#clock.clearTimer(timer);
    this.#byHand.clear();
  }

  #take(levels: ConfiguredLevels = {}): void {
    this.#configured = new Map(Object.entries(levels));
    this.#apply();
  }

  #follow(levels: ConfiguredLevels = {}): void {
    const names = new Set([...this.#configured.keys(), ...Object.keys(levels)]);
    const before = new Map([...names].map((name) => [name, this.levelOf(name).level]));
    this.#take(levels);
    for (const [name, was] of before) this.#tell(name, was, 'configuration');
  }

  #expire(name: string): void {
    this.#change(name, 'expired', undefined);
  }

  #change(name: string, because: 'hand' | 'expired', next: ByHand | undefined): void {
    const was = this.levelOf(name).level;
    const timer = this.#byHand.get(name)?.timer;
    if (timer) this.#clock.clearTimer(timer);
    if (next) this.#byHand.set(name, next);
    else this.#byHand.delete(name);
    this.#apply();
    this.#tell(name, was, because);
  }

  #apply(): void {
    for (const named of this.#named.values()) named.rank = rankOf(this.levelOf(named.name).level);
  }

  #tell(logger: string, was: LogLevel, because: LevelChange['because']): void {
    const { level, untilMs } = this.levelOf(logger);
    if (level !== was) this.#changed({ logger, level, was, because, ...(untilMs !== undefined && { untilMs }) });
  }
}

/** `http` for `http.server`, the root for `http`, nothing for the root. */
function above(name: string): string | undefined {
  if (name === rootName) return undefined;
  const dot = name.lastIndexOf('.');
  return dot < 0 ? rootName : name.slice(0, dot);
}
