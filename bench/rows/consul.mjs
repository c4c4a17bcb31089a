/**
 * From a change of an instance to our live list, beside a bare blocking query for another service on the same real agent.
 * The two are changed in turn, by the same writer.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startConsul } from '../consul-agent.mjs';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';

const { parseInstance } = await fwk.discovery();
const { consulRegistry } = await fwk.inside('discovery', 'consul.js');

const { url, ask } = await startConsul();
const registry = consulRegistry({ url });
const registrations = {};
for (const service of ['fwk', 'raw']) {
  registrations[service] = await registry.register(instance(service));
}
const watch = registry.watch('fwk');
/** Told of each answer to the bare query. */
let answered = () => {};
void query();

let changes = 0;
const measured = await interleave(
  {
    fwk: () => untilSeen('fwk', (seen) => watch.instances.subscribe(([changed]) => seen(changed?.metadata?.change))),
    raw: () =>
      untilSeen('raw', (seen) => {
        answered = (entries) => seen(entries[0]?.Service.Meta.change);
        return { [Symbol.dispose]() {} };
      }),
  },
  { rounds: quick ? 5 : 200, warmUp: 5 },
);
const [fwkMs, rawMs] = [median(measured.fwk), median(measured.raw)];
const figures = { fwkMsP50: round(fwkMs), rawMsP50: round(rawMs), addedMs: round(fwkMs - rawMs) };
report(
  'consul: change to notice, median of changes',
  [
    ['our live list', `${figures.fwkMsP50} ms`],
    ['bare blocking query', `${figures.rawMsP50} ms`],
    ['added (must be ≤ 5 ms)', `${figures.addedMs} ms`],
  ],
  figures,
);
process.exit(0);

function instance(service) {
  return parseInstance({
    id: `${service}-1`,
    service,
    version: '1.0.0',
    address: '127.0.0.1',
    port: 4001,
    startedAtMs: 1,
    status: 'UP',
  });
}

/** Changes the instance of a service; milliseconds until `listen` has told of that change. */
async function untilSeen(service, listen) {
  // What either side does after an answer (checks, the pace between questions) must be over.
  await sleep(200);
  const change = String(++changes);
  let listening;
  const noticed = new Promise((resolve) => {
    listening = listen((seen) => seen === change && resolve(performance.now()));
  });
  const startMs = performance.now();
  await registrations[service].update({ change });
  const ms = (await noticed) - startMs;
  listening[Symbol.dispose]();
  return ms;
}

/** The bare blocking query, for ever. */
async function query() {
  for (let index = 0; ; ) {
    const { headers, body } = await ask(`/v1/health/service/raw?stale&wait=300s&index=${index}`);
    answered(body);
    index = headers['x-consul-index'];
  }
}
