import { noEvents } from '../events/event-sink.js';
import { noLogger } from '../telemetry/logger.js';
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

/**
 * The environment with a logger of this name, so that lines say which part wrote them and the level of the part can be set.
 * @param name - words joined by dots, such as `http.server`.
 */
export function namedEnv(env: Env, name: string): Env {
  return makeEnv({ ...env, logger: env.logger.child({ logger: name }) });
}
