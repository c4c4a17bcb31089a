/** Levels of loggers by hand: looked at, set for a while or for good, and taken back. */
import type { ManagementEndpoint, ManagementRequest } from '@fwk/kernel';
import { isLogLevel, logLevels } from '../logging/log-level.js';
import type { LoggerControl } from '../logging/logger.js';
import { isLoggerName, type LoggerLevel, type LoggerLevels } from '../logging/logger-levels.js';
import { ManagementRefusedError } from './problem.js';

/** Longest time for which a level is set, in milliseconds: what a timer can wait. */
const longestMs = 2 ** 31 - 1;

const form = `the body must be {"level": one of ${logLevels.join(', ')}}, and may have "forMs", 1 to ${longestMs}, and "reason"; {"level": null} takes a level back`;

/**
 * - `GET /manage/loggers` lists loggers with their levels, and by what they have them.
 * - `GET /manage/loggers/:name` shows one.
 * - `PUT /manage/loggers/:name` with `{"level": "debug", "forMs": 600000}` sets the level of this logger and of all below it that have none
 *   of their own, for ten minutes; without `forMs` until the process ends. `{"level": null}` takes it back. A name that no
 *   logger has yet is taken: the answer lists in `loggers` those that it reaches now.
 */
export function loggerEndpoints({ levels }: Pick<LoggerControl, 'levels'>): readonly ManagementEndpoint[] {
  return [
    {
      path: 'loggers',
      purpose: 'The levels of loggers, and by what they have them.',
      handle: () => ({ levels: logLevels, loggers: shownList(levels) }),
    },
    {
      path: 'loggers/:name',
      purpose: 'The level of one logger, and the loggers that take theirs from it.',
      example: { parameter: 'root' },
      handle({ parameter }) {
        const name = nameOf(parameter);
        return { name, ...shown(levels.levelOf(name)), loggers: reached(levels, name) };
      },
    },
    {
      path: 'loggers/:name',
      method: 'PUT',
      purpose: 'Sets the level of a logger and of those below it, for a while or until the process ends.',
      example: { parameter: 'root', body: { level: 'debug', forMs: 600_000, reason: 'looking for the lost orders' } },
      handle({ parameter, body }) {
        const name = nameOf(parameter);
        const was = levels.levelOf(name).level;
        const { level, forMs } = readChange(body);
        if (level === null) levels.reset(name);
        else levels.set(name, level, forMs);
        return { name, ...shown(levels.levelOf(name)), was, loggers: reached(levels, name) };
      },
    },
  ];
}

/** @throws ManagementRefusedError 400 */
function nameOf(parameter: ManagementRequest['parameter']): string {
  if (isLoggerName(parameter)) return parameter;
  throw new ManagementRefusedError(
    400,
    'the name of a logger is words of letters, digits, "_" and "-", joined by dots',
  );
}

/** @throws ManagementRefusedError 400 */
function readChange(body: unknown) {
  const given = typeof body === 'object' && body !== null ? body : {};
  const level = 'level' in given ? given.level : undefined;
  const forMs = 'forMs' in given ? given.forMs : undefined;
  const timed = forMs === undefined || (typeof forMs === 'number' && forMs >= 1 && forMs <= longestMs);
  if (!timed || (level === null && forMs !== undefined)) throw new ManagementRefusedError(400, form);
  if (level !== null && !isLogLevel(level)) throw new ManagementRefusedError(400, form);
  return { level, forMs };
}

function shownList(levels: LoggerLevels): object {
  return Object.fromEntries(Object.entries(levels.list()).map(([name, level]) => [name, shown(level)]));
}

function shown({ level, from, inherits, untilMs }: LoggerLevel): object {
  return {
    level,
    from,
    ...(inherits !== undefined && { inherits }),
    ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
  };
}

/** Loggers that take their level from this one. */
function reached(levels: LoggerLevels, name: string): readonly string[] {
  return Object.entries(levels.list())
    .filter(([each, { inherits }]) => each === name || inherits === name)
    .map(([each]) => each);
}
