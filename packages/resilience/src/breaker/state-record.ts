/** Checks of an exported state that comes back: from a file, from another process, from who knows where. */
import { checkOptions, integerIn, numberIn, OptionsError, oneOf, optional, type Rule, text } from '@fwk/kernel';
import { type BreakerStateRecord, manualStates, type OpeningRecord, openingRules } from './breaker-state.js';
import { isShort } from './error-tally.js';

const count = integerIn(0, 1e9);
const wallTime = numberIn(0, 8.64e15);
const finite = numberIn(0, Number.MAX_VALUE);

const topErrors: Rule = (value) =>
  Array.isArray(value) && value.length <= 10 && value.every((row: unknown) => isErrorCount(row))
    ? undefined
    : 'a list of at most 10 errors with their counts';

const openingFields: { readonly [K in keyof OpeningRecord]-?: Rule } = {
  rule: oneOf(...openingRules),
  measured: finite,
  threshold: finite,
  calls: count,
  failures: count,
  slow: count,
  topErrors,
  firstTraceId: optional((value) => (isShort(value) ? text(value) : 'a short string')),
  atMs: wallTime,
  openForMs: numberIn(0, 3_600_000),
  nextProbeAtMs: wallTime,
  times: integerIn(1, 1e9),
};

const fields: { readonly [K in keyof BreakerStateRecord]-?: Rule } = {
  version: (value) => (value === 1 ? undefined : '1, the only format there is'),
  name: text,
  state: oneOf('closed', 'open', 'half-open', ...manualStates),
  calls: count,
  failures: count,
  slow: count,
  consecutiveFailures: count,
  exportedAtMs: wallTime,
  opening: optional((value) => (isObject(value) ? undefined : 'an opening record')),
};

/**
 * Checks a record that came from outside.
 * @param name - of the breaker that is to take it: what one tenant or host has done says nothing about another.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` with all problems at once
 */
export function checkStateRecord(name: string, given: unknown): BreakerStateRecord {
  const owner = `breaker "${name}"`;
  const record = checkOptions<BreakerStateRecord>(owner, given as BreakerStateRecord, {}, fields);
  const { state, calls, failures, slow, opening } = record;
  const problems: string[] = [];
  if (record.name !== name) problems.push(`name must be "${name}", not "${record.name.slice(0, 100)}"`);
  if (failures > calls || slow > calls)
    problems.push(`of ${calls} calls not ${failures} can have failed and ${slow} been slow`);
  if ((state === 'open' || state === 'half-open') && opening === undefined) {
    problems.push(`a breaker that is ${state} must say how it opened`);
  }
  if (problems.length > 0) throw new OptionsError(owner, problems);
  if (opening === undefined) return record;
  return { ...record, opening: checkOptions<OpeningRecord>(`${owner}: opening`, opening, {}, openingFields) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isErrorCount(row: unknown): boolean {
  return isObject(row) && isShort(row.error) && count(row.count) === undefined && Object.keys(row).length === 2;
}
