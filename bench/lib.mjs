/** What every row shares: arguments, interleaved rounds, medians, the table and the one line of JSON. */
import { performance } from 'node:perf_hooks';
import { longestMs, within } from './within.mjs';

export const json = process.argv.includes('--json');

/** `--quick` makes short rounds, to see that a row runs; its figures mean nothing. */
export const quick = process.argv.includes('--quick');

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How ours compares with theirs when both were measured in the same rounds: the median of the ratios of each round, so that
 * a round in which the machine was slow weighs on both, and an interval that holds the true
 * median with at least 95 %, from six rounds on.
 */
export function pairedRatio(ours, theirs) {
  const ratios = ours.map((value, at) => value / theirs[at]).sort((a, b) => a - b);
  const from = outsideRank(ratios.length);
  return { median: median(ratios), low: ratios[from], high: ratios[ratios.length - 1 - from] };
}

/** How many of `n` sorted values may be left out at each end, so that what is between holds the median with 95 %. */
function outsideRank(n) {
  let chance = 0.5 ** n;
  let below = chance;
  let rank = 0;
  // The chance that at most `rank` of n values lie on one side of the true median is binomial.
  while (rank + 1 < n / 2) {
    chance *= (n - rank) / (rank + 1);
    below += chance;
    if (below > 0.025) break;
    rank++;
  }
  return rank;
}

export function round(value, digits = 2) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/**
 * Runs all subjects in turn, A B C A B C, so that a disturbance of the machine meets them alike.
 * @param {Record<string, () => Promise<number>>} subjects each measures itself once
 * @param limitMs how long one measurement may take
 * @returns {Promise<Record<string, number[]>>} all measurements but those of the warm-up rounds
 * @throws Error when a measurement fails or takes too long
 */
export async function interleave(subjects, { rounds, warmUp = 1, limitMs = longestMs }) {
  const measured = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let at = -warmUp; at < rounds; at++) {
    progress(at < 0 ? 'warming up' : `round ${at + 1} of ${rounds}`);
    for (const [name, measure] of Object.entries(subjects)) {
      const value = await within(limitMs, `the measurement "${name}"`, Promise.resolve(measure()));
      if (at >= 0) measured[name].push(value);
    }
  }
  progress('');
  return measured;
}

/** Nanoseconds a call of `call`, awaited one after the other. */
export async function nsPerCall(call, calls) {
  const startMs = performance.now();
  for (let at = 0; at < calls; at++) await call(at);
  return ((performance.now() - startMs) * 1e6) / calls;
}

/** The table for people, on stdout; and with --json the figures as the last line. */
export function report(title, rows, figures) {
  const out = json ? process.stderr : process.stdout;
  const width = Math.max(...rows.map(([name]) => name.length));
  out.write(`${title}\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
