/**
 * Endpoints that fail more than the others: with the rates of all that had enough calls, those below `mean − k·σ` (Envoy's
 * success rate detection).
 *
 * That alone finds somebody in any crowd: of ten endpoints that are all alike, one lies 1.9 deviations below the mean in
 * every fourth sweep, by chance. So the rate must also lie a margin below the mean, and chance must not explain it: with the failure
 * ratio `p` of the others together, `requests · KL(failureRatio ‖ p)` bounds the exponent of the probability that so many of
 * its calls fail (Chernoff). Once a fifth of the endpoints fail alike, this rule finds none of them; the other rules do.
 */
import type { EjectionOptions } from './ejection-options.js';
import type { Found, HostFigures } from './figures.js';

/** The least value of the bound: then chance explains it in less than one of e^16, nine million, cases. */
const CERTAINTY = 16;

/** Finds them. */
export function bySuccessRate<H>(all: readonly HostFigures<H>[], options: EjectionOptions): readonly Found<H>[] {
  const { successRateDeviations: deviations, successRateHosts, successRateRequests, successRateMargin } = options;
  if (deviations === false) return [];
  const compared = all.filter(({ requests }) => requests >= successRateRequests);
  if (compared.length < successRateHosts) return [];
  let [sum, squares, requestsOfAll, failuresOfAll] = [0, 0, 0, 0];
  for (const { requests, failures } of compared) {
    const rate = 1 - failures / requests;
    sum += rate;
    squares += rate * rate;
    requestsOfAll += requests;
    failuresOfAll += failures;
  }
  const mean = sum / compared.length;
  const threshold = mean - deviations * Math.sqrt(Math.max(0, squares / compared.length - mean * mean));
  const found: Found<H>[] = [];
  for (const { host, requests, failures } of compared) {
    const measured = 1 - failures / requests;
    if (!(measured < threshold) || mean - measured < successRateMargin) continue;
    // One failure is assumed of those that have had none, so that it is not impossible that they fail.
    const expected = (failuresOfAll - failures + 1) / (requestsOfAll - requests + 2);
    if (requests * divergence(failures / requests, expected) < CERTAINTY) continue;
    const finding = { rule: 'success-rate', measured, threshold, requests, failures } as const;
    found.push({ host, finding, badness: mean - measured });
  }
  return found;
}

/** Kullback–Leibler divergence of two ratios, for one above the expected; 0 otherwise. */
function divergence(ratio: number, expected: number): number {
  if (ratio <= expected) return 0;
  const rest = ratio === 1 ? 0 : (1 - ratio) * Math.log((1 - ratio) / (1 - expected));
  return ratio * Math.log(ratio / expected) + rest;
}
