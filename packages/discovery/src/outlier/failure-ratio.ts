/** Endpoints of which nearly every call fails, also when now and then one succeeds, so that no row of failures gets long. */
import type { EjectionOptions } from './ejection-options.js';
import type { Found, HostFigures } from './figures.js';

/** Finds them: `failures / requests` at or above the threshold. */
export function byFailureRatio<H>(
  all: readonly HostFigures<H>[],
  { failureRatio, failureRatioRequests }: EjectionOptions,
): readonly Found<H>[] {
  if (failureRatio === false) return [];
  const found: Found<H>[] = [];
  for (const { host, requests, failures } of all) {
    const measured = failures / requests;
    if (requests < failureRatioRequests || failures === 0 || measured < failureRatio) continue;
    const finding = { rule: 'failure-ratio', measured, threshold: failureRatio, requests, failures } as const;
    found.push({ host, finding, badness: measured });
  }
  return found;
}
