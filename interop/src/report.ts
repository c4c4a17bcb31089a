/** How results are printed: a line a case for people, one JSON object for programs. */
import type { CaseResult } from './interop.js';

/** All cases of a run. */
export interface Report {
  /** Whether all cases are ok; false where there was none. */
  readonly reached: boolean;
  readonly cases: readonly CaseResult[];
}

export function reportOf(cases: readonly CaseResult[]): Report {
  return { reached: cases.length > 0 && cases.every(({ ok }) => ok), cases };
}

/** One line. */
export function lineOf({ name, direction, ok, detail }: CaseResult): string {
  return `${ok ? '✓' : '✗'} ${direction}: ${name.padEnd(24)} ${detail.replaceAll('\n', ' ')}`;
}

/** The last line for people. */
export function summaryOf({ reached, cases }: Report): string {
  const failed = cases.filter(({ ok }) => !ok).length;
  if (reached) return `all ${cases.length} cases passed`;
  return cases.length === 0 ? 'no case was run' : `${failed} of ${cases.length} cases FAILED`;
}
