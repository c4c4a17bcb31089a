/**
 * Choosing an endpoint and learning from its answer, among few and many endpoints; and taking over a list of 5,000 of which
 * 1 % has changed, from the registry's list to the next pick. Each balancer and size has a process of its own, as in an
 * application, where one balancer serves all calls. The calls between picks are left out, and so is ejection, which is not the
 * balancer's; the picks are measured on the set that every balanced call picks from. What counts is the fastest of many short
 * stretches, since whatever else the machine does only adds to the others.
 */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';
import { answerOf, program } from '../processes.mjs';

const { liveValue, makeEnv, stack, systemClock } = await fwk.kernel();
const { balance, memberships, parseInstance } = await fwk.discovery();

const roles = [
  'p2c',
  'least-request',
  'round-robin',
  'weighted-round-robin',
  'random',
  'ring-hash',
  'maglev',
  'rendezvous',
];
const sizes = [10, 1_000, 10_000];
const stretches = quick ? 50 : 1000;
const listLength = 5_000;
const changed = 50;
/** As many as the compiler of the engine needs to see. */
const warmUpUpdates = 100;

/** Answers what replaces 1 % of a list of 5,000 and looks at the result, in milliseconds; a minute after the last time. */
function updating() {
  let next = listLength;
  let minutes = 0;
  let list = Array.from({ length: listLength }, (_, at) => instance(at));
  const instances = liveValue(list);
  const watch = { instances, known: liveValue(true), [Symbol.dispose]() {} };
  const env = makeEnv({ clock: { ...systemClock, now: () => systemClock.now() + minutes * 60_000 } });
  const endpoints = memberships({ watch: () => watch }, env).of('stock');
  const balanced = stack()
    .use(balance({ service: 'stock', endpoints }))
    .into({ call: async () => 'answered', status: () => 'ready' }, env);
  return () => {
    minutes++;
    const arrived = Array.from({ length: changed }, () => instance(next++));
    list = [...list.slice(changed), ...arrived];
    const startMs = performance.now();
    instances.set(list);
    if (balanced.status() !== 'ready') throw new Error('the balancer has lost its endpoints');
    return performance.now() - startMs;
  };
}

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

const update = updating();
for (let times = 0; times < warmUpUpdates; times++) update();
// Rendezvous looks at all endpoints: among 10,000 it says nothing that it does not say among 1,000.
const sizesOf = (role) => (role === 'rendezvous' ? sizes.slice(0, 2) : sizes);
const subjects = roles.flatMap((role) => sizesOf(role).map((size) => [`${role} ${size}`, () => picking(role, size)]));
const measured = await interleave(
  { ...Object.fromEntries(subjects), update: async () => median(Array.from({ length: quick ? 3 : 20 }, update)) },
  // Each measurement of picks is a process of its own, which warms itself up.
  { rounds: quick ? 1 : 4, warmUp: 0 },
);

const least = (name, field) => Math.min(...measured[name].map((answer) => answer[field]));
const nsBySize = (role) =>
  Object.fromEntries(sizesOf(role).map((size) => [size, round(least(`${role} ${size}`, 'ns'), 0)]));
const pickNs = Object.fromEntries(roles.map((role) => [role, nsBySize(role)]));
const largest = sizes.at(-1);
const figures = {
  pickNs,
  p2cVsRoundRobin: round(pickNs.p2c[largest] / pickNs['round-robin'][sizes[0]]),
  hashVsP2c: round(Math.max(pickNs['ring-hash'][largest], pickNs.maglev[largest]) / pickNs.p2c[largest]),
  updateMs: round(median(measured.update)),
  bytesPerPick: round(Math.max(...sizes.map((size) => least(`p2c ${size}`, 'bytes'))), 0),
};
report(
  'balancer: pick and settle, least of rounds',
  [
    ...roles.map((role) => [
      `${role}, ${sizesOf(role).join(', ')} endpoints`,
      `${Object.values(pickNs[role]).join(', ')} ns`,
    ]),
    [`p2c of ${largest} beside round robin of ${sizes[0]} (must be ≤ 1.5)`, figures.p2cVsRoundRobin],
    [`ring hash and Maglev beside p2c, of ${largest} (must be ≤ 2)`, figures.hashVsP2c],
    [`list of ${listLength}, ${changed} replaced (must be ≤ 2 ms)`, `${figures.updateMs} ms`],
    ['bytes allocated a pick, p2c (must be 0)', figures.bytesPerPick],
  ],
  figures,
);

function picking(role, size) {
  return answerOf(['--expose-gc', program('picks'), role, String(size), String(stretches)]);
}
