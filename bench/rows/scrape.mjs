/**
 * What observing costs: one count, one observation and a scrape of 10,000 series beside prom-client, the spans of a call beside the SDK of
 * OpenTelemetry, a log line beside bare pino, and usage beside the call that is counted.
 */
import { performance } from 'node:perf_hooks';
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';
import { longestBlock } from '../metrics/loop-block.mjs';
import { ourScrape, promScrape, recorders } from '../metrics/series.mjs';
import { logLines } from '../telemetry/log-lines.mjs';
import { spans } from '../telemetry/spans.mjs';
import { usageBesideCalls } from '../telemetry/usage.mjs';

const rounds = quick ? 2 : 11;
const calls = quick ? 10_000 : 1_000_000;

const own = ourScrape();
const theirs = promScrape();
const record = recorders();
const lines = logLines();
const traced = spans();
const usage = await usageBesideCalls();

const measured = await interleave(
  {
    scrape: () => msOf(own),
    promScrape: () => msOf(theirs),
    block: () => longestBlock(own),
    promBlock: () => longestBlock(theirs),
    ...Object.fromEntries(Object.entries(record).map(([name, call]) => [name, () => nsOf(call)])),
    ...Object.fromEntries(Object.entries(lines).map(([name, call]) => [name, () => nsOf(call, calls / 20)])),
    ...Object.fromEntries(Object.entries(traced).map(([name, call]) => [name, () => nsOf(call, calls / 20)])),
    usage: () => nsOf(usage.count, calls / 20),
    call: () => nsOfCalls(usage.call, calls / 500),
  },
  { rounds, warmUp: 3 },
);
await usage.close();

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
  traceUs: round((least('tracedCall') - least('plainCall')) / 1000, 2),
  otelTraceUs: round(least('otelCall') / 1000, 2),
  traceVsOtel: round((least('tracedCall') - least('plainCall')) / least('otelCall'), 3),
  logLineNs: round(least('logLine'), 0),
  pinoLineNs: round(least('pinoLine'), 0),
  logVsPino: round(pairedRatio(measured.logLine, measured.pinoLine).median, 3),
  usageNs: round(least('usage'), 0),
  callUs: round(least('call') / 1000, 1),
  usageVsCall: round(least('usage') / least('call'), 4),
};
report(
  'scrape: metrics, spans and log lines beside their peers',
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
    ['tracing all calls adds to each, three spans (must be ≤ 5 µs)', `${figures.traceUs} µs`],
    ['the same spans by the SDK of OpenTelemetry', `${figures.otelTraceUs} µs`],
    ['ours beside it (must be ≤ 0.25)', figures.traceVsOtel],
    ['one log line', `${figures.logLineNs} ns`],
    ['one by bare pino', `${figures.pinoLineNs} ns`],
    ['ours beside it (must be ≤ 1.15)', figures.logVsPino],
    ['counting what a call used', `${figures.usageNs} ns`],
    ['the cheapest call, both ends', `${figures.callUs} µs`],
    ['counting beside it (must be ≤ 0.01)', figures.usageVsCall],
  ],
  figures,
);

/** The middle of several, since the garbage of what was measured before is collected in the first. */
async function msOf(work) {
  const times = [];
  for (let turn = 0; turn < 5; turn++) {
    const startMs = performance.now();
    await work();
    times.push(performance.now() - startMs);
  }
  return median(times);
}

/** In CPU time, since it takes long enough for other programs to come between. */
function nsOf(call, times = calls) {
  const before = process.cpuUsage();
  for (let at = 0; at < times; at++) call(at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
}

async function nsOfCalls(call, times) {
  const before = process.cpuUsage();
  for (let at = 0; at < times; at++) await call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
}
