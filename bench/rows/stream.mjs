/**
 * An item of a stream over HTTP, from the handler's generator to the caller's loop, with all layers, beside bare fastify and a bare
 * undici pool that pass the same lines of JSON. Ours validates each item at both ends; the peer does not. Servers and readers are
 * processes of their own. What counts is the CPU time of both processes of a subject: other programs cannot add to it.
 *
 * `exported` items come as fast as they are read, `pushed` ones in a turn of the event loop each. The peer of both writes to the
 * response by hand, as cheaply as a server can that holds no item back. Two more peers export: `lines` lets a `Readable` send
 * each line, and `gathered` sends pieces of 32 kB, between which items wait.
 */
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';
import { freePort, program, startUntil } from '../processes.mjs';

const rounds = quick ? 1 : 9;
const warmUp = quick ? 0 : 2;
const loads = {
  exported: { streams: 1, count: quick ? 5_000 : 300_000 },
  pushed: { streams: 16, count: quick ? 100 : 3_000 },
};

async function start(server, reader) {
  const port = String(await freePort());
  const env = { FWK_REGISTRY_PORT: String(await freePort()), BENCH_PORT: port };
  const asked = { asked: true };
  const serving = await startUntil([program(server)], 'ready', env, asked);
  const reading = await startUntil([program('stream-reader'), reader], 'ready', env, asked);
  return { serving, reading };
}
const subjects = {
  fwk: await start('fwk-stream-server', 'fwk'),
  bare: await start('fastify-stream-server', 'undici'),
};

const elapsedUs = {};
const serverUs = {};
const keep = (values, key, value) => {
  values[key] = [...(values[key] ?? []), value];
};
const measure = (name, kind, load) => async () => {
  const { serving, reading } = subjects[name];
  const { streams, count } = load;
  const beforeUs = await serving.cpu();
  const took = await reading.ask({ kind, streams, count });
  const ofServerUs = (await serving.cpu()) - beforeUs;
  const items = streams * count;
  const key = `${name} ${kind}`;
  keep(elapsedUs, key, took.elapsedUs / items);
  keep(serverUs, key, ofServerUs / items);
  return (took.cpuUs + ofServerUs) / items;
};
const cases = {
  'fwk exported': measure('fwk', 'exported', loads.exported),
  'bare exported': measure('bare', 'exported', loads.exported),
  'fwk pushed': measure('fwk', 'pushed', loads.pushed),
  'bare pushed': measure('bare', 'pushed', loads.pushed),
  'bare lines': measure('bare', 'lines', loads.exported),
  'bare gathered': measure('bare', 'gathered', loads.exported),
};
const cpuUs = await interleave(cases, { rounds, warmUp });
for (const { serving, reading } of Object.values(subjects)) {
  await reading.stop();
  await serving.stop();
}

const itemUs = (key) => round(median(cpuUs[key]));
const beside = (values, key) => round(median(values[key].slice(warmUp)));
const ratioOf = (ours, theirs) => {
  const { median: middle, low, high } = pairedRatio(cpuUs[ours], cpuUs[theirs]);
  return { ratio: round(middle, 3), ratioRange: [round(low, 3), round(high, 3)] };
};
const figuresOf = (kind) => ({
  fwkItemUs: itemUs(`fwk ${kind}`),
  bareItemUs: itemUs(`bare ${kind}`),
  ...ratioOf(`fwk ${kind}`, `bare ${kind}`),
  fwkServerUs: beside(serverUs, `fwk ${kind}`),
  bareServerUs: beside(serverUs, `bare ${kind}`),
  fwkElapsedUs: beside(elapsedUs, `fwk ${kind}`),
  bareElapsedUs: beside(elapsedUs, `bare ${kind}`),
});
const besidePeer = (kind) => ({
  bareItemUs: itemUs(`bare ${kind}`),
  ...ratioOf('fwk exported', `bare ${kind}`),
});
const figures = {
  ...figuresOf('exported'),
  pushed: figuresOf('pushed'),
  lines: besidePeer('lines'),
  gathered: besidePeer('gathered'),
  node: process.versions.node,
};
const cpu = (us, ofServer, elapsed) => `${us} µs CPU, of it ${ofServer} of the server; ${elapsed} µs elapsed`;
const ours = ({ fwkItemUs, fwkServerUs, fwkElapsedUs }) => cpu(fwkItemUs, fwkServerUs, fwkElapsedUs);
const bare = ({ bareItemUs, bareServerUs, bareElapsedUs }) => cpu(bareItemUs, bareServerUs, bareElapsedUs);
const said = ({ ratio, ratioRange }) => `${ratio} (95 %: ${ratioRange.join(' to ')})`;
report(
  `stream: an item over HTTP on Node ${figures.node}, median of rounds`,
  [
    ['fwk, exported', ours(figures)],
    ['fastify and undici, exported', bare(figures)],
    ['fwk / bare, exported (must be ≤ 1.3)', said(figures)],
    ['fwk, pushed', ours(figures.pushed)],
    ['fastify and undici, pushed', bare(figures.pushed)],
    ['fwk / bare, pushed', said(figures.pushed)],
    ['fwk / fastify that sends lines by a Readable', said(figures.lines)],
    ['fwk / fastify that holds items back for 32 kB', said(figures.gathered)],
  ],
  figures,
);
