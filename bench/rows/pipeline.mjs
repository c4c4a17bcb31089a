/** One call through deadline + retry + breaker + bulkhead + attempt timeout with metrics on, beside opossum and cockatiel. */
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  timeout,
  wrap,
} from 'cockatiel';
import Opossum from 'opossum';
import * as fwk from '../fwk.mjs';
import { interleave, median, nsPerCall, quick, report, round } from '../lib.mjs';

const { createMeter } = await fwk.core();
const { makeEnv } = await fwk.kernel();
const { policy } = await fwk.resilience();

const calls = quick ? 5_000 : 100_000;
const rounds = quick ? 2 : 9;

async function bare(value) {
  return value + 1;
}

const env = makeEnv({ metrics: createMeter(), path: 'bench' });
const ours = policy(
  'quote',
  { deadlineMs: 2000, timeoutMs: 1000, retry: { maxAttempts: 3 }, breaker: {}, bulkhead: { maxConcurrent: 25 } },
  env,
).wrap(bare);

const opossum = new Opossum(bare, { timeout: 1000 });
const theirs = wrap(
  retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
  circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
  timeout(1000, 'aggressive'),
  bulkhead(25),
);

const measured = await interleave(
  {
    bare: () => nsPerCall(bare, calls),
    fwk: () => nsPerCall(ours, calls),
    opossum: () => nsPerCall((value) => opossum.fire(value), calls),
    cockatiel: () => nsPerCall((value) => theirs.execute(() => bare(value)), calls / 5),
  },
  { rounds, warmUp: 2 },
);
opossum.shutdown();

const ns = Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
const figures = {
  fwkNs: round(ns.fwk, 0),
  opossumNs: round(ns.opossum, 0),
  cockatielNs: round(ns.cockatiel, 0),
  bareNs: round(ns.bare, 0),
  vsOpossum: round(ns.fwk / ns.opossum),
  vsCockatiel: round(ns.fwk / ns.cockatiel, 3),
  fwkBytes: await bytesPerCall(ours),
};
report(
  'pipeline: one call, median of rounds',
  [
    ['fwk deadline+retry+breaker+bulkhead+timeout+metrics', `${figures.fwkNs} ns`],
    ['opossum (timeout 1000)', `${figures.opossumNs} ns`],
    ['cockatiel retry+breaker+timeout+bulkhead', `${figures.cockatielNs} ns`],
    ['bare async function', `${figures.bareNs} ns`],
    ['fwk / opossum (must be ≤ 1.1)', figures.vsOpossum],
    ['fwk / cockatiel (must be ≤ 0.08)', figures.vsCockatiel],
    ['bytes allocated a call', figures.fwkBytes],
  ],
  figures,
);

/** Heap growth over calls between two collections; the smallest of several, since a collection in between hides some. */
async function bytesPerCall(call) {
  const samples = [];
  for (let sample = 0; sample < 9; sample++) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 1000; at++) await call(at);
    samples.push((process.memoryUsage().heapUsed - before) / 1000);
  }
  return round(median(samples), 0);
}
