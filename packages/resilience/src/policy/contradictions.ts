import { currentOf, isLive } from '@fwk/kernel';
import { breakerDefaults } from '../breaker/breaker-options.js';
import { bulkheadDefaults } from '../bulkhead/bulkhead.js';
import { hedgeDefaults } from '../hedge/hedge-options.js';
import { adaptiveLimitDefaults } from '../limit/adaptive-limit-options.js';
import { rateLimitDefaults } from '../rate/rate-limit-options.js';
import { type PolicyOptions, wanted } from './policy-options.js';

/**
 * What contradicts itself across layers, each with its reason. What is left out is judged by its default, live values as
 * they are now; what contradicts itself within a layer is refused by the layer.
 */
export function contradictions(options: PolicyOptions): readonly string[] {
  const times: Times = { deadlineMs: limitOf(options.deadlineMs), timeoutMs: limitOf(options.timeoutMs) };
  return [
    ...inTime(options, times),
    ...inRetries(options, times),
    ...inHedging(options, times),
    ...inRateLimit(options, times),
    ...inBulkhead(options, times),
    ...inBreaker(options, times),
  ];
}

/** The limits of a call and of an attempt; undefined for none. */
interface Times {
  readonly deadlineMs: number | undefined;
  readonly timeoutMs: number | undefined;
}

function inTime(options: PolicyOptions, { deadlineMs, timeoutMs }: Times): readonly string[] {
  if (options.timeoutMode !== undefined && options.timeoutMs === undefined) {
    return ['timeoutMode says what happens when timeoutMs is over: give a timeoutMs as well'];
  }
  if (!isAbove(timeoutMs, deadlineMs)) return [];
  return [`timeoutMs ${timeoutMs} is above deadlineMs ${deadlineMs}: no attempt could ever reach its own limit`];
}

function inRetries(options: PolicyOptions, { deadlineMs }: Times): readonly string[] {
  // Only what was asked for: pauses are drawn from 0 up, so the usual base suits a short deadline well enough.
  const baseMs = numberOf(wanted(options.retry)?.baseDelayMs);
  if (!isAtLeast(baseMs, deadlineMs)) return [];
  return [`retry.baseDelayMs ${baseMs} is not below deadlineMs ${deadlineMs}: there would hardly ever be a retry`];
}

function inHedging(options: PolicyOptions, times: Times): readonly string[] {
  const problems: string[] = [];
  const hedge = wanted(options.hedge);
  if (hedge === undefined) return problems;
  if (hedge.idempotent !== true) {
    problems.push('hedge sends a call twice: say hedge.idempotent true if that does no harm, or do without hedge');
  }
  if (currentOf(hedge.onFailure ?? false)) return problems;
  const delay = settingOf(hedge, hedgeDefaults, 'delayMs');
  for (const [name, limit] of Object.entries({ timeoutMs: times.timeoutMs, deadlineMs: times.deadlineMs })) {
    if (!isAtLeast(delay, limit)) continue;
    problems.push(`hedge.delayMs ${delay} is not below ${name} ${limit}: a second attempt would never be sent`);
  }
  return problems;
}

function inRateLimit(options: PolicyOptions, { deadlineMs }: Times): readonly string[] {
  const maxWaitMs = settingOf(wanted(options.rateLimit), rateLimitDefaults, 'maxWaitMs');
  if (!isAbove(maxWaitMs, deadlineMs)) return [];
  return [`rateLimit.maxWaitMs ${maxWaitMs} is above deadlineMs ${deadlineMs}: no call could ever wait so long`];
}

function inBulkhead(options: PolicyOptions, { deadlineMs }: Times): readonly string[] {
  const maxWaitMs = settingOf(wanted(options.bulkhead), bulkheadDefaults, 'maxWaitMs');
  if (maxWaitMs === Number.POSITIVE_INFINITY || !isAbove(maxWaitMs, deadlineMs)) return [];
  return [`bulkhead.maxWaitMs ${maxWaitMs} is above deadlineMs ${deadlineMs}: no call could ever wait so long`];
}

function inBreaker(options: PolicyOptions, { deadlineMs, timeoutMs }: Times): readonly string[] {
  const slowMs = settingOf(wanted(options.breaker), breakerDefaults, 'slowCallMs');
  if (slowMs === Number.POSITIVE_INFINITY) return [];
  // The breaker measures the wait for a place as well, which is none of the attempt's time.
  const mayWait = [
    settingOf(wanted(options.bulkhead), bulkheadDefaults, 'maxQueue'),
    settingOf(wanted(options.limit), adaptiveLimitDefaults, 'maxQueue'),
  ].some((maxQueue) => isAbove(maxQueue, 0));
  return Object.entries({ deadlineMs, timeoutMs: mayWait ? undefined : timeoutMs })
    .filter(([, limit]) => isAbove(slowMs, limit))
    .map(([name, limit]) => `breaker.slowCallMs ${slowMs} is above ${name} ${limit}: no call could ever count as slow`);
}

function isAbove(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value > limit;
}

function isAtLeast(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value >= limit;
}

/** What an option of a layer comes to; undefined where there is no such layer. */
function settingOf<Options extends object>(
  given: Partial<Options> | undefined,
  defaults: Options,
  name: keyof Options,
): number | undefined {
  return given === undefined ? undefined : numberOf(given[name] ?? defaults[name]);
}

/** A limit in milliseconds; what is none is refused by its layer and contradicts nothing. */
function limitOf(option: unknown): number | undefined {
  const limit = numberOf(option);
  return limit !== undefined && limit > 0 ? limit : undefined;
}

function numberOf(option: unknown): number | undefined {
  const value = isLive(option) ? option.value : option;
  return typeof value === 'number' ? value : undefined;
}
