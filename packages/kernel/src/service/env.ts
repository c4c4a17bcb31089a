import { noEvents } from '../events/event-sink.js';
import { namedLogger, noLogger } from '../telemetry/logger.js';
import { noMeter } from '../telemetry/meter.js';
import { systemClock, systemRandom } from '../time/system-clock.js';
import { defaultClassifier } from './classifier.js';
import type { Env } from './service.js';

/** The environment of a program that set up none: real clock and randomness, nothing recorded. */
export const defaultEnv: Env = Object.freeze({
  clock: systemClock,
  random: systemRandom,
  events: noEvents,
  metrics: noMeter,
  logger: noLogger,
  classifier: defaultClassifier,
  path: '',
});

/** The default environment with some parts replaced. */
export function makeEnv(parts: Partial<Env> = {}): Env {
  return Object.freeze({ ...defaultEnv, ...parts });
}

/** The environment with its {@link namedLogger}. */
export function namedEnv(env: Env, name: string): Env {
  return makeEnv({ ...env, logger: namedLogger(env.logger, name) });
}
