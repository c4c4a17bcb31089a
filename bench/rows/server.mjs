/**
 * A served contract with its default layers (deadline, trace, metrics, validation of request and answer, drain) beside a
 * bare fastify that validates the same requests and writes the same answers by a schema. Each server is a process of its
 * own; this one sends both the same bytes over loopback, with the headers that a client of ours sends.
 */
import { interleave, median, pairedRatio, quick, report, round } from '../lib.mjs';
import { openLoad } from '../load.mjs';
import { freePort, program, startUntil } from '../processes.mjs';
import { isRightAnswer, requestOf } from '../requests.mjs';

const connections = 64;
const calls = quick ? 2_000 : 30_000;
const rounds = quick ? 2 : 15;
const warmUp = 2;
const names = ['fwk', 'fastify'];

const order = JSON.stringify({ sku: 'lamp', quantity: 3, note: 'leave it with the neighbours at number 12' });

const requests = { read: requestOf('GET', '/stock/lamp'), write: requestOf('POST', '/orders', order) };

async function startServer(name) {
  const port = await freePort();
  const env = { FWK_REGISTRY_PORT: String(await freePort()), BENCH_PORT: String(port) };
  const server = await startUntil([program(`${name}-server`)], 'ready', env, { asked: true });
  const open = ([kind, request]) =>
    openLoad({ port, request, isRight: isRightAnswer, connections }).then((load) => [kind, load]);
  const loads = Object.fromEntries(await Promise.all(Object.entries(requests).map(open)));
  return { ...server, loads };
}

const servers = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await startServer(name)])));

const subjects = Object.keys(requests).flatMap((kind) => names.map((name) => [name, kind]));
const cpuUs = Object.fromEntries(subjects.map(([name, kind]) => [`${name} ${kind}`, []]));

/** Answers a second; keeps the server's own CPU time a call beside it. */
async function measure(name, kind) {
  const { loads, cpu } = servers[name];
  const beforeUs = await cpu();
  const perSecond = await loads[kind].run(calls);
  cpuUs[`${name} ${kind}`].push(((await cpu()) - beforeUs) / calls);
  return perSecond;
}

const rps = await interleave(
  Object.fromEntries(subjects.map(([name, kind]) => [`${name} ${kind}`, () => measure(name, kind)])),
  { rounds, warmUp },
);
for (const { loads, stop } of Object.values(servers)) {
  for (const load of Object.values(loads)) load.close();
  await stop();
}

const cpuOf = (name) => median(cpuUs[name].slice(warmUp));
const readRatio = pairedRatio(rps['fwk read'], rps['fastify read']);
const writeRatio = pairedRatio(rps['fwk write'], rps['fastify write']);
const figures = {
  fwkRps: round(median(rps['fwk read']), 0),
  fastifyRps: round(median(rps['fastify read']), 0),
  rpsVsFastify: round(readRatio.median),
  rpsVsFastifyRange: [round(readRatio.low), round(readRatio.high)],
  cpuVsFastify: round(cpuOf('fwk read') / cpuOf('fastify read')),
  fwkCpuUs: round(cpuOf('fwk read'), 1),
  fastifyCpuUs: round(cpuOf('fastify read'), 1),
  write: {
    fwkRps: round(median(rps['fwk write']), 0),
    fastifyRps: round(median(rps['fastify write']), 0),
    rpsVsFastify: round(writeRatio.median),
    rpsVsFastifyRange: [round(writeRatio.low), round(writeRatio.high)],
    cpuVsFastify: round(cpuOf('fwk write') / cpuOf('fastify write')),
  },
};
const row = (name) => `${round(median(rps[name]), 0)} answers/s, ${round(cpuOf(name), 1)} µs CPU of the server each`;
const ratio = ({ median: middle, low, high }) => `${round(middle)} (95 % of medians: ${round(low)} to ${round(high)})`;
report(
  `server: ${connections} connections with one request under way on each, median of rounds`,
  [
    ['fwk, read', row('fwk read')],
    ['fastify, read', row('fastify read')],
    ['fwk, write', row('fwk write')],
    ['fastify, write', row('fastify write')],
    ['answers/s, fwk / fastify, read (must be ≥ 1)', ratio(readRatio)],
    ['answers/s, fwk / fastify, write', ratio(writeRatio)],
    ['CPU, fwk / fastify, read and write', `${figures.cpuVsFastify} and ${figures.write.cpuVsFastify}`],
  ],
  figures,
);
