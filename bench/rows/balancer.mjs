/**
 * Choosing an endpoint and learning from its answer, among few and many endpoints; and taking over a list of 5,000 of which
 * 1 % has changed, from the registry's list to the next pick. Each balancer and size has a process of its own, as in an
 * application, where one balancer serves all calls. The calls between picks are left out, so the picks are measured on the
 * set that every balanced call picks from.
 */
import { performance } from 'node:perf_hooks';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';
import { answerOf, program } from '../processes.mjs';

const { liveValue, makeEnv, stack } = await fwk.kernel();
const { balance, memberships, parseInstance } = await fwk.discovery();

const roles = ['p2c', 'least-request', 'round-robin'];
const sizes = [10, 1_000, 10_000];
const picks = quick ? 10_000 : 500_000;
const listLength = 5_000;
const changed = 50;

/** Answers what replaces 1 % of a list of 5,000 and looks at the result, in milliseconds. */
function updating() {
  let next = listLength;
  let list = Array.from({ length: listLength }, (_, at) => instance(at));
  const instances = liveValue(list);
  const watch = { instances, known: liveValue(true), [Symbol.dispose]() {} };
  const env = makeEnv();
  const endpoints = memberships({ watch: () => watch }, env).of('stock');
  const balanced = stack()
    .use(balance({ service: 'stock', endpoints }))
    .into({ call: async () => 'answered', status: () => 'ready' }, env);
  return () => {
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
const subjects = roles.flatMap((role) => sizes.map((size) => [`${role} ${size}`, () => picking(role, size)]));
const measured = await interleave(
  { ...Object.fromEntries(subjects), update: async () => median(Array.from({ length: quick ? 3 : 20 }, update)) },
  { rounds: quick ? 2 : 5, warmUp: 1 },
);

const medianOf = (name, field) => round(median(measured[name].map((answer) => answer[field])), 0);
const nsBySize = (role) => Object.fromEntries(sizes.map((size) => [size, medianOf(`${role} ${size}`, 'ns')]));
const pickNs = Object.fromEntries(roles.map((role) => [role, nsBySize(role)]));
const figures = { pickNs, updateMs: round(median(measured.update)), bytesPerPick: medianOf('p2c 1000', 'bytes') };
report(
  'balancer: pick and settle, median of rounds',
  [
    ...roles.map((role) => [
      `${role}, ${sizes.join(', ')} endpoints${role === 'p2c' ? ' (must be ≤ 300 ns)' : ''}`,
      `${Object.values(pickNs[role]).join(', ')} ns`,
    ]),
    [`list of ${listLength}, ${changed} replaced (must be ≤ 5 ms)`, `${figures.updateMs} ms`],
    ['bytes allocated a pick, p2c', figures.bytesPerPick],
  ],
  figures,
);

function picking(role, size) {
  return answerOf(['--expose-gc', program('picks'), role, String(size), String(picks), quick ? '2' : '5']);
}
