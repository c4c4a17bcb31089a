/**
 * Endpoints that answer, but take many times as long as the others: grey failures, which no count of failures shows.
 *
 * Compared is the geometric mean of the times, each relative to what its operation usually takes, with the median of the
 * means of the others. A mean of logarithms moves by a factor of ten only when most of the calls do: a single operation
 * that is slow there, a few very slow calls, or answers of which half come from a cache do not suffice. When all become slow
 * the median does too. The difference must be six standard errors, so that few and scattered samples find nobody.
 */
import type { EjectionOptions } from './ejection-options.js';
import type { Found, HostFigures } from './figures.js';

/** Standard errors that the difference must exceed. */
const CERTAINTY = 6;

/** Finds them. */
export function byLatency<H>(all: readonly HostFigures<H>[], options: EjectionOptions): readonly Found<H>[] {
  const { latencyFactor, latencySamples, latencyExcessMs } = options;
  if (latencyFactor === false) return [];
  const compared = all.filter(({ timed }) => timed >= latencySamples).sort((a, b) => a.relative - b.relative);
  if (compared.length < 2) return [];
  const found: Found<H>[] = [];
  for (const [at, { host, requests, failures, timed, relative, spread, typicalMs }] of compared.entries()) {
    const excess = relative - medianWithout(compared, at);
    if (excess < Math.log(latencyFactor) || excess < (CERTAINTY * spread) / Math.sqrt(timed)) continue;
    const measured = Math.exp(excess);
    const othersMs = typicalMs / measured;
    if (typicalMs - othersMs < latencyExcessMs) continue;
    found.push({
      host,
      finding: {
        rule: 'latency',
        measured,
        threshold: latencyFactor,
        requests,
        failures,
        latencyMs: typicalMs,
        othersMs,
      },
      badness: excess,
    });
  }
  return found;
}

/** The median of all but one, of at least two that are in order. */
function medianWithout(sorted: readonly HostFigures<unknown>[], left: number): number {
  const count = sorted.length - 1;
  const at = (index: number) => (sorted[index < left ? index : index + 1] as HostFigures<unknown>).relative;
  return (at(Math.floor((count - 1) / 2)) + at(Math.floor(count / 2))) / 2;
}
