/**
 * Choosing an endpoint and learning from its answer, among few and many endpoints; and taking over a list of 5,000 of which
 * 1 % has changed, from the registry's list to the next pick. The calls between are left out, so the picks are measured on
 * the set that every balanced call picks from.
 */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';

const { liveValue, makeEnv, stack } = await fwk.kernel();
const { balance, ejectionDefaults, leastRequest, memberships, p2c, parseInstance, roundRobin } = await fwk.discovery();
const { PickSet } = await fwk.inside('discovery', 'balance/pick-set.js');
const { Node } = await fwk.inside('discovery', 'balance/node.js');
const { InstanceEndpoint } = await fwk.inside('discovery', 'membership/endpoint.js');

const balancers = [p2c(), leastRequest(), roundRobin()];
const sizes = [10, 1_000, 10_000];
const picks = quick ? 10_000 : 1_000_000;
/** Calls always under way. */
const concurrency = 64;
const listLength = 5_000;
const changed = 50;

const env = makeEnv();
const service = { call: async () => 'answered', status: () => 'ready' };

function instance(at) {
  return parseInstance({
    id: `stock-${at}`,
    service: 'stock',
    version: '1.0.0',
    address: '127.0.0.1',
    port: 1 + (at % 65_535),
    startedAtMs: 1,
    status: 'UP',
  });
}

/** Answers what makes so many picks and settles. */
function picking(balancer, size) {
  const set = new PickSet('stock', env, balancer, ejectionDefaults);
  const endpoints = Array.from({ length: size }, (_, at) => new InstanceEndpoint(instance(at)));
  set.update(endpoints, (endpoint) => new Node(endpoint, service, balancer.meter(env)));
  for (const node of set.nodes) for (let answer = 0; answer < 5; answer++) node.meter.succeeded(env.clock.now(), 10);
  const underWay = Array.from({ length: concurrency }, () => begin(set));
  return (times) => {
    for (let at = 0; at < times; at++) {
      const slot = at % concurrency;
      settle(set, underWay[slot]);
      underWay[slot] = begin(set);
    }
  };
}

function begin(set) {
  const nowMs = env.clock.now();
  const node = set.pick(nowMs);
  node.inFlight++;
  return { node, startMs: nowMs };
}

function settle(set, { node, startMs }) {
  const nowMs = env.clock.now();
  node.inFlight--;
  node.meter.succeeded(nowMs, nowMs - startMs);
  set.succeeded(node, startMs, nowMs);
}

/** Answers what replaces 1 % of a list of 5,000 and picks once. */
function updating() {
  let next = listLength;
  let list = Array.from({ length: listLength }, (_, at) => instance(at));
  const instances = liveValue(list);
  const watch = { instances, known: liveValue(true), [Symbol.dispose]() {} };
  const endpoints = memberships({ watch: () => watch }, env).of('stock');
  const balanced = stack()
    .use(balance({ service: 'stock', endpoints }))
    .into(service, env);
  return () => {
    const arrived = Array.from({ length: changed }, () => instance(next++));
    list = [...list.slice(changed), ...arrived];
    const startMs = performance.now();
    instances.set(list);
    if (balanced.status() !== 'ready') throw new Error('the balancer has lost its endpoints');
    return performance.now() - startMs;
  };
}

const subjects = Object.fromEntries(
  balancers.flatMap((balancer) =>
    sizes.map((size) => {
      const pick = picking(balancer, size);
      return [
        `${balancer.role} ${size}`,
        async () => {
          const startMs = performance.now();
          pick(picks);
          return ((performance.now() - startMs) * 1e6) / picks;
        },
      ];
    }),
  ),
);
const update = updating();
const measured = await interleave(
  { ...subjects, update: async () => median(Array.from({ length: quick ? 3 : 20 }, update)) },
  { rounds: quick ? 2 : 9, warmUp: 2 },
);
const pickNs = Object.fromEntries(
  balancers.map(({ role }) => [
    role,
    Object.fromEntries(sizes.map((size) => [size, round(median(measured[`${role} ${size}`]), 0)])),
  ]),
);
const figures = { pickNs, updateMs: round(median(measured.update)), bytesPerPick: bytesPerPick(picking(p2c(), 1_000)) };
report(
  'balancer: pick and settle, median of rounds',
  [
    ...balancers.map(({ role }) => [
      `${role}, ${sizes.join(', ')} endpoints${role === 'p2c' ? ' (must be ≤ 300 ns)' : ''}`,
      sizes.map((size) => `${pickNs[role][size]} ns`).join(', '),
    ]),
    [`list of ${listLength}, ${changed} replaced (must be ≤ 5 ms)`, `${figures.updateMs} ms`],
    ['bytes allocated a pick, p2c', figures.bytesPerPick],
  ],
  figures,
);

/** The smallest of several heap growths: whatever else runs in between only adds. The row's own record of a call counts. */
function bytesPerPick(pick) {
  const times = 10_000;
  const samples = Array.from({ length: 9 }, () => {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    pick(times);
    return (process.memoryUsage().heapUsed - before) / times;
  });
  return round(Math.min(...samples), 0);
}
