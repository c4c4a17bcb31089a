import { GuardedLive } from '../options/guarded-live.js';
import type { Env } from './service.js';

/**
 * Lets the log and the events of an environment tell of values that live options refuse from now on. Call it where options
 * that `checkOptions` has checked meet the environment in which they are read.
 */
export function reportRefusals(options: object, { events, logger, path }: Env): void {
  for (const value of Object.values(options)) {
    if (!(value instanceof GuardedLive)) continue;
    value.reportTo((refusal) => {
      events.emit('option.refused', { path, ...refusal });
      logger.warn({ path, ...refusal }, 'a live option was given a value that it cannot take; the last one stays');
    });
  }
}
