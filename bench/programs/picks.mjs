/**
 * Picks and settles among so many endpoints by one balancer. Prints nanoseconds and bytes of one. What is counted of time is the
 * fastest of many short stretches: whatever else the machine does only adds to the others.
 */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';

const { background, makeEnv } = await fwk.kernel();
const { balancerOf, parseInstance, routeKey } = await fwk.discovery();
const { PickSet } = await fwk.inside('discovery', 'balance/pick-set.js');
const { Node } = await fwk.inside('discovery', 'balance/node.js');
const { InstanceEndpoint } = await fwk.inside('discovery', 'membership/endpoint.js');

const [role, size, stretches] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const balancer = balancerOf(role);
/** Calls always under way. */
const concurrency = 64;
/** Picks of one stretch: less than a millisecond, so that most stretches are not interrupted. */
const picks = 1000;

const env = makeEnv();
const service = { call: async () => 'answered', status: () => 'ready' };
const own = { service, report: () => undefined, dispose: async () => {} };
const set = new PickSet('stock', env, { balancer, ejection: undefined });
set.update(Array.from({ length: size }, endpoint), (each) => new Node(each, () => own, set.measures(), set));
for (const node of set.nodes) {
  node.use();
  for (let answer = 0; answer < 5; answer++) node.meter.succeeded(env.clock.now(), 10, node);
}

/** Calls with keys of their own, for balancers that hash; as long as those of users are. */
const contexts = Array.from({ length: 1024 }, (_, at) =>
  background.with({ values: [routeKey.of({ key: `user-${(at * 2654435761) % 4294967296}` })] }),
);
const nodes = new Array(concurrency);
const startsMs = new Float64Array(concurrency);
let turn = 0;
for (let at = 0; at < concurrency; at++) begin(at, env.clock.now());
fastest(200, 300);
const ns = fastest(stretches, 700);
process.stdout.write(JSON.stringify({ ns, bytes: bytesPerPick() }));

/** The fastest of so many stretches, or of as many as there is time for: some balancers look at all endpoints. */
function fastest(most, limitMs) {
  const endMs = performance.now() + limitMs;
  let ns = Number.POSITIVE_INFINITY;
  for (let at = 0; at < most && (at === 0 || performance.now() < endMs); at++) ns = Math.min(ns, stretch());
  return ns;
}

function stretch() {
  const startMs = performance.now();
  for (let at = 0; at < picks; at++) {
    const slot = at % concurrency;
    settle(slot, env.clock.now());
    begin(slot, env.clock.now());
  }
  return ((performance.now() - startMs) * 1e6) / picks;
}

function begin(slot, nowMs) {
  const node = set.pick(nowMs, undefined, contexts[(slot * 17 + turn++) & 1023]);
  node.inFlight++;
  nodes[slot] = node;
  startsMs[slot] = nowMs;
}

function settle(slot, nowMs) {
  const node = nodes[slot];
  node.inFlight--;
  node.meter.succeeded(nowMs, nowMs - startsMs[slot], node);
  set.answered(node, '', startsMs[slot], nowMs);
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

/** The smallest of several heap growths: whatever else runs in between only adds. The clock is read once: its reading is no pick. */
function bytesPerPick() {
  const times = 10_000;
  const nowMs = env.clock.now();
  const samples = Array.from({ length: 9 }, () => {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < times; at++) set.pick(nowMs, undefined, contexts[at & 1023]);
    return (process.memoryUsage().heapUsed - before) / times;
  });
  return Math.min(...samples);
}
