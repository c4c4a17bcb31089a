import { isLive } from '@fwk/kernel';
import { type PolicyOptions, wanted } from './policy-options.js';

/** What contradicts itself across layers, each with its reason. Live values are judged as they are now. */
export function contradictions(options: PolicyOptions): readonly string[] {
  return [...inTime(options), ...inRetries(options), ...inHedging(options)];
}

function inTime(options: PolicyOptions): readonly string[] {
  const total = numberOf(options.deadlineMs);
  const attempt = numberOf(options.timeoutMs);
  if (total === undefined || attempt === undefined || attempt <= total) return [];
  return [`timeoutMs ${attempt} is above deadlineMs ${total}: no attempt could ever reach its own limit`];
}

function inRetries(options: PolicyOptions): readonly string[] {
  const problems: string[] = [];
  const retry = wanted(options.retry);
  const total = numberOf(options.deadlineMs);
  const base = numberOf(retry?.baseDelayMs);
  const cap = numberOf(retry?.maxDelayMs);
  if (total !== undefined && base !== undefined && base >= total) {
    problems.push(`retry.baseDelayMs ${base} is not below deadlineMs ${total}: there would hardly ever be a retry`);
  }
  if (base !== undefined && cap !== undefined && base > cap) {
    problems.push(`retry.baseDelayMs ${base} is above retry.maxDelayMs ${cap}`);
  }
  return problems;
}

function inHedging(options: PolicyOptions): readonly string[] {
  const problems: string[] = [];
  const hedge = wanted(options.hedge);
  if (hedge === undefined) return problems;
  if (hedge.idempotent !== true) {
    problems.push('hedge sends a call twice: say hedge.idempotent true if that does no harm, or do without hedge');
  }
  const delay = numberOf(hedge.delayMs);
  const limits = { timeoutMs: numberOf(options.timeoutMs), deadlineMs: numberOf(options.deadlineMs) };
  for (const [name, limit] of Object.entries(limits)) {
    if (delay === undefined || limit === undefined || delay < limit) continue;
    problems.push(`hedge.delayMs ${delay} is not below ${name} ${limit}: a second attempt would never be sent`);
  }
  return problems;
}

function numberOf(option: unknown): number | undefined {
  const value = isLive(option) ? option.value : option;
  return typeof value === 'number' ? value : undefined;
}
