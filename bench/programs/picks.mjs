/** Picks and settles among so many endpoints by one balancer, as long as it is asked to. Prints nanoseconds and bytes of one. */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';
import { median } from '../lib.mjs';

const { background, makeEnv } = await fwk.kernel();
const { ejectionDefaults, leastRequest, p2c, parseInstance, roundRobin } = await fwk.discovery();
const { PickSet } = await fwk.inside('discovery', 'balance/pick-set.js');
const { Node } = await fwk.inside('discovery', 'balance/node.js');
const { InstanceEndpoint } = await fwk.inside('discovery', 'membership/endpoint.js');

const [role, size, picks, rounds] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const balancer = { p2c, 'least-request': leastRequest, 'round-robin': roundRobin }[role]();
/** Calls always under way. */
const concurrency = 64;

const env = makeEnv();
const service = { call: async () => 'answered', status: () => 'ready' };
const own = { service, report: () => undefined, dispose: async () => {} };
const set = new PickSet('stock', env, { balancer, ejection: ejectionDefaults });
set.update(Array.from({ length: size }, endpoint), (each) => new Node(each, own, set.measures(), set));
for (const node of set.nodes) for (let answer = 0; answer < 5; answer++) node.meter.succeeded(env.clock.now(), 10);

const underWay = Array.from({ length: concurrency }, begin);
for (let at = 0; at < 2; at++) run();
const ns = median(Array.from({ length: rounds }, run));
process.stdout.write(JSON.stringify({ ns, bytes: bytesPerPick() }));

function run() {
  const startMs = performance.now();
  pick(picks);
  return ((performance.now() - startMs) * 1e6) / picks;
}

function pick(times) {
  for (let at = 0; at < times; at++) {
    const slot = at % concurrency;
    settle(underWay[slot]);
    underWay[slot] = begin();
  }
}

function begin() {
  const startMs = env.clock.now();
  const node = set.pick(startMs, undefined, background);
  node.inFlight++;
  return { node, startMs };
}

function settle({ node, startMs }) {
  const nowMs = env.clock.now();
  node.inFlight--;
  node.meter.succeeded(nowMs, nowMs - startMs);
  set.answered(node, '', startMs, nowMs);
}

function endpoint(_, at) {
  return new InstanceEndpoint(
    parseInstance({
      id: `stock-${at}`,
      service: 'stock',
      version: '1.0.0',
      address: '127.0.0.1',
      port: 1 + at,
      startedAtMs: 1,
      status: 'UP',
    }),
  );
}

/** The smallest of several heap growths: whatever else runs in between only adds. This program's note of a call counts. */
function bytesPerPick() {
  const times = 10_000;
  const samples = Array.from({ length: 9 }, () => {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    pick(times);
    return (process.memoryUsage().heapUsed - before) / times;
  });
  return Math.min(...samples);
}
