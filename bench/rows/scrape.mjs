/** What metrics cost: one count, one observation and a scrape of 10,000 series, beside prom-client. */
import { performance } from 'node:perf_hooks';
import { interleave, pairedRatio, quick, report, round } from '../lib.mjs';
import { longestBlock } from '../metrics/loop-block.mjs';
import { ourScrape, promScrape, recorders } from '../metrics/series.mjs';

const rounds = quick ? 2 : 11;
const calls = quick ? 10_000 : 1_000_000;

const own = ourScrape();
const theirs = promScrape();
const record = recorders();

const measured = await interleave(
  {
    scrape: () => msOf(own),
    promScrape: () => msOf(theirs),
    block: () => longestBlock(own),
    promBlock: () => longestBlock(theirs),
    ...Object.fromEntries(Object.entries(record).map(([name, call]) => [name, () => nsOf(call)])),
  },
  { rounds, warmUp: 3 },
);

const least = (name) => Math.min(...measured[name]);
const faster = (left, right) => (least(left) < least(right) ? left : right);
const promCount = faster('promCount', 'promBoundCount');
const promObserve = faster('promObserve', 'promBoundObserve');
const countVsProm = pairedRatio(measured.count, measured[promCount]).median;
const observeVsProm = pairedRatio(measured.observe, measured[promObserve]).median;
const figures = {
  scrapeMs: round(least('scrape'), 2),
  promScrapeMs: round(least('promScrape'), 2),
  scrapeVsProm: round(pairedRatio(measured.scrape, measured.promScrape).median, 3),
  // The least: other programs of the machine hold the loop too, but none of them in every round.
  blockMs: round(least('block'), 2),
  promBlockMs: round(least('promBlock'), 2),
  countNs: round(least('count'), 1),
  observeNs: round(least('observe'), 1),
  promCountNs: round(least(promCount), 1),
  promObserveNs: round(least(promObserve), 1),
  recordVsProm: round(Math.max(countVsProm, observeVsProm), 3),
};
report(
  'scrape: metrics beside prom-client',
  [
    ['10,000 series exposed', `${figures.scrapeMs} ms`],
    ['the same by prom-client', `${figures.promScrapeMs} ms`],
    ['ours beside it (must be ≤ 0.5)', figures.scrapeVsProm],
    ['longest block of the event loop meanwhile (must be ≤ 10 ms)', `${figures.blockMs} ms`],
    ['prom-client’s', `${figures.promBlockMs} ms`],
    ['one count', `${figures.countNs} ns`],
    ['one count by prom-client', `${figures.promCountNs} ns`],
    ['one observation', `${figures.observeNs} ns`],
    ['one observation by prom-client', `${figures.promObserveNs} ns`],
    ['the worse of both ratios (must be ≤ 0.1)', figures.recordVsProm],
  ],
  figures,
);

async function msOf(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** In CPU time, since it takes long enough for other programs to come between. */
function nsOf(call) {
  const before = process.cpuUsage();
  for (let at = 0; at < calls; at++) call(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}
