/** What a failing call costs with 50,000 results in the breaker's window, against 10; the same for opossum. */
import { performance } from 'node:perf_hooks';
import Opossum from 'opossum';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';

const { circuitBreaker } = await fwk.resilience();

const small = 10;
const large = quick ? 2_000 : 50_000;
/** So few after each filling that the window still holds what it was filled with. */
const failingCalls = 10;
const hourMs = 3_600_000;
const broken = new Error('broken');

async function flaky(works) {
  if (!works) throw broken;
}

const make = {
  fwk: () => circuitBreaker({ windowMs: hourMs, minimumCalls: 1_000_000 }).wrap(flaky),
  opossum() {
    const breaker = new Opossum(flaky, { timeout: false, rollingCountTimeout: hourMs, volumeThreshold: 1_000_000 });
    const call = (works) => breaker.fire(works);
    call.end = () => breaker.shutdown();
    return call;
  },
};

/** Nanoseconds of a failing call: the median over breakers that were each filled with so many successes. */
async function failingNs(subject, results, breakers) {
  const batches = [];
  for (let at = 0; at < breakers; at++) {
    const [call, other] = [make[subject](), make[subject]()];
    for (let filled = 0; filled < results; filled++) await call(true);
    // Filling drives the code of failures out of the processor's caches; bring it back before the clock runs.
    await fail(other, 5 * failingCalls);
    const startMs = performance.now();
    await fail(call, failingCalls);
    batches.push(((performance.now() - startMs) * 1e6) / failingCalls);
    call.end?.();
    other.end?.();
  }
  return median(batches);
}

async function fail(call, times) {
  for (let failed = 0; failed < times; failed++) await call(false).catch(ignore);
}

function ignore() {}

const measured = await interleave(
  {
    fwkSmall: () => failingNs('fwk', small, quick ? 20 : 500),
    fwkLarge: () => failingNs('fwk', large, quick ? 2 : 15),
    opossumSmall: () => failingNs('opossum', small, quick ? 20 : 500),
    opossumLarge: () => failingNs('opossum', large, quick ? 2 : 3),
  },
  { rounds: quick ? 2 : 9, warmUp: 2 },
);
const ns = Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
const figures = {
  smallNs: round(ns.fwkSmall, 0),
  largeNs: round(ns.fwkLarge, 0),
  ratio: round(ns.fwkLarge / ns.fwkSmall),
  opossumRatio: round(ns.opossumLarge / ns.opossumSmall, 0),
};
report(
  'failure: one failing call, median of rounds',
  [
    [`fwk, ${small} results in the window`, `${figures.smallNs} ns`],
    [`fwk, ${large} results in the window`, `${figures.largeNs} ns`],
    [`opossum, ${small} results in the window`, `${round(ns.opossumSmall, 0)} ns`],
    [`opossum, ${large} results in the window`, `${round(ns.opossumLarge, 0)} ns`],
    ['fwk, many / few (must be ≤ 1.5)', figures.ratio],
    ['opossum, many / few', figures.opossumRatio],
  ],
  figures,
);
