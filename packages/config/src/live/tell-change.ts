/** What a change of the settings is told by, in the log and as an event. */
import type { Env } from '@fwk/kernel';
import type { Refusal } from '../settings/config.js';

/** Settings have changed, and took effect. */
export function tellChange({ events, logger }: Env, version: number, paths: readonly string[]): void {
  events.emit('config.changed', { version, paths });
  logger.info({ version, paths }, 'the configuration changed');
}

/** What was refused before is good again. */
export function tellRecovery({ events, logger }: Env, version: number, { reason }: Refusal): void {
  events.emit('config.recovered', { version, reason });
  logger.info({ version }, 'the configuration is good again');
}

/** The sources do not fit, and the last good settings stay. */
export function tellRefusal({ events, logger }: Env, { code, reason, source, issues }: Refusal): void {
  const problems = issues.map(({ path, message }) => ({ path, message }));
  events.emit('config.refused', { code, reason, path: source, issues: problems });
  logger.warn({ code, source }, `a change of the configuration was refused: ${reason}`);
}
