/** What is written; `silent` writes nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The level of a line. */
export type WrittenLevel = Exclude<LogLevel, 'silent'>;

/** All levels, most talkative first. */
export const logLevels: readonly LogLevel[] = Object.freeze(['debug', 'info', 'warn', 'error', 'silent']);

/** True for the name of a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return logLevels.includes(value as LogLevel);
}

/** Place of a level among {@link logLevels}; a logger writes what is not below its own. */
export function rankOf(level: LogLevel): number {
  return logLevels.indexOf(level);
}
