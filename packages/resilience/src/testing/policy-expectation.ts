/** Compares what a test expects of a policy with what was found. */
import { AssertionError } from 'node:assert';
import { OptionsError } from '@fwk/kernel';
import { type BreakerSnapshot, type BreakerState, manualStates } from '../breaker/breaker-state.js';
import { canonicalOrder } from '../order/canonical-order.js';
import type { PolicyCounts } from '../statistics/policy-counts.js';
import { breakerLine, countLine } from './policy-words.js';

/** The state of all breakers, or how many breakers are in each of these states. */
export type BreakerExpectation = BreakerState | { readonly [State in BreakerState]?: number };

/** What a test expects of a policy; what is left out is not looked at. Counts are those since the policy was watched. */
export interface PolicyExpectation extends Partial<PolicyCounts> {
  /** Roles of all layers that acted, in any order, such as `['retry', 'fallback']`; `[]` for none. */
  readonly acted?: readonly string[];
  /** `'closed'` when all breakers are to be closed; `{ open: 1 }` when exactly one is to be open. */
  readonly breakers?: BreakerExpectation;
}

/** What was found of it. */
export interface FoundPolicy {
  readonly name: string;
  /** Whether anything uses it. */
  readonly used: boolean;
  readonly counts: PolicyCounts;
  readonly acted: readonly string[];
  readonly breakers: readonly BreakerSnapshot[];
}

/** @throws AssertionError with all differences; OptionsError for a count that there is not */
export function compare(found: FoundPolicy, { acted, breakers, ...counts }: PolicyExpectation): void {
  checkNames(found, counts, acted, breakers);
  const actual = Object.fromEntries(Object.keys(counts).map((name) => [name, Reflect.get(found.counts, name)]));
  const differences = Object.entries(counts)
    .filter(([name, value]) => value !== undefined && actual[name] !== value)
    .map(([name, value]) => `${name}: ${actual[name]}, not ${value}`);
  if (acted && !sameNames(acted, found.acted)) {
    differences.push(`acted: ${found.acted.join(', ') || 'no layer'}, not ${acted.join(', ') || 'none'}`);
  }
  const inStates = statesOf(found.breakers);
  if (breakers !== undefined) differences.push(...breakerDifferences(inStates, breakers));
  if (differences.length === 0) return;
  const lines = [
    `policy "${found.name}" did otherwise than expected: ${differences.join('; ')}`,
    found.used
      ? countLine(found.counts)
      : 'nothing uses a policy of this name: was what uses it built, and is the name right?',
    ...found.breakers.map(breakerLine),
  ];
  throw new AssertionError({
    message: lines.join('\n  '),
    actual: { ...actual, ...(acted && { acted: found.acted }), ...(breakers !== undefined && { breakers: inStates }) },
    expected: { ...counts, ...(acted && { acted }), ...(breakers !== undefined && { breakers }) },
    operator: 'policy.expect',
  });
}

const states: readonly BreakerState[] = ['closed', 'open', 'half-open', ...manualStates];

/** A name that does not exist would be an expectation that is always met. @throws OptionsError */
function checkNames(
  { name, counts: known }: FoundPolicy,
  counts: Partial<PolicyCounts>,
  acted: readonly string[] = [],
  breakers: BreakerExpectation = {},
): void {
  const roles = canonicalOrder.map(({ role }) => role);
  const wanted = typeof breakers === 'string' ? [breakers] : Object.keys(breakers);
  const problems = [
    ...unknown('count', Object.keys(counts), ['acted', 'breakers', ...Object.keys(known)]),
    ...unknown('role of a layer', acted, roles),
    ...unknown('state of a breaker', wanted, states),
  ];
  if (problems.length > 0) throw new OptionsError(`expect of policy "${name}"`, problems);
}

function unknown(what: string, names: readonly string[], known: readonly string[]): readonly string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `"${name}" is no ${what} (known: ${known.join(', ')})`);
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join() === [...others].sort().join();
}

function statesOf(breakers: readonly BreakerSnapshot[]): { readonly [State in BreakerState]?: number } {
  const counts: { [State in BreakerState]?: number } = {};
  for (const { state } of breakers) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function breakerDifferences(
  found: { readonly [State in BreakerState]?: number },
  expected: BreakerExpectation,
): readonly string[] {
  const all = Object.values(found).reduce((sum, count) => sum + count, 0);
  const inState = (state: string) => found[state as BreakerState] ?? 0;
  if (typeof expected === 'string') {
    if (all === 0) return [`there is no breaker, and all were to be ${expected}`];
    return inState(expected) === all ? [] : [`${inState(expected)} of ${all} breakers are ${expected}`];
  }
  return Object.entries(expected)
    .filter(([state, count]) => inState(state) !== count)
    .map(([state, count]) => `${inState(state)} breakers are ${state}, not ${count}`);
}
