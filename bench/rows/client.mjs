/**
 * The full client stack (discovery, P2C, deadline, retry, breaker, traces, metrics) beside a bare undici pool that calls
 * the same server process, and beside the calls of Moleculer and Nest over TCP. 64 calls are always under way.
 */
import { performance } from 'node:perf_hooks';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import moleculer from 'moleculer';
import { firstValueFrom } from 'rxjs';
import { Pool } from 'undici';
import * as fwk from '../fwk.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';
import { freePort, program, startUntil } from '../processes.mjs';
import { stock } from '../programs/contract.mjs';

const concurrency = 64;
const calls = quick ? 2_000 : 20_000;
const names = ['fwk', 'undici', 'moleculer', 'nest'];
const latencies = Object.fromEntries(names.map((name) => [name, []]));
const cpuUs = Object.fromEntries(names.map((name) => [name, []]));

process.env.FWK_REGISTRY_PORT = String(await freePort());
process.env.BENCH_MOLECULER_SERVER = String(await freePort());
process.env.BENCH_MOLECULER_CLIENT = String(await freePort());
process.env.BENCH_NEST_PORT = String(await freePort());
const { moleculerOptions } = await import('../programs/moleculer-options.mjs');

const { createApp } = await fwk.core();
const { discovery, membershipsToken } = await fwk.discovery();
const { clientOf } = await fwk.http();

const services = await Promise.all(
  ['fwk-service', 'moleculer-service', 'nest-service'].map((name) => startUntil([program(name)], 'ready')),
);
const app = createApp({
  name: 'bench-client',
  version: '1.0.0',
  owner: 'bench',
  use: [discovery()],
  logging: { level: 'error' },
  shutdown: { propagationDelayMs: 0 },
});
await app.start();
const ours = app.get(clientOf(stock));
await ours.stock({ params: { sku: 'lamp' } });
const [{ address, port }] = app.get(membershipsToken).of('stock').value;

const pool = new Pool(`http://${address}:${port}`, { connections: concurrency });
const bare = async () => {
  const { body } = await pool.request({ method: 'GET', path: '/stock/lamp' });
  return body.json();
};
const broker = new moleculer.ServiceBroker(moleculerOptions('client'));
await broker.start();
await broker.waitForServices('stock', 10_000);
const nestOptions = { host: '127.0.0.1', port: Number(process.env.BENCH_NEST_PORT) };
const nest = ClientProxyFactory.create({ transport: Transport.TCP, options: nestOptions });
await nest.connect();

/** Calls per second with 64 under way; keeps the latencies and the CPU time of this process a call beside it. */
async function rps(name, call) {
  const times = [];
  let left = calls;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) {
        const beganMs = performance.now();
        const { sku } = await call();
        if (sku !== 'lamp') throw new Error(`${name} answered ${sku}`);
        times.push(performance.now() - beganMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  latencies[name].push(times[Math.floor(times.length * 0.99)]);
  cpuUs[name].push((user + system) / calls);
  return calls / seconds;
}

const measured = await interleave(
  {
    fwk: () => rps('fwk', () => ours.stock({ params: { sku: 'lamp' } })),
    undici: () => rps('undici', bare),
    moleculer: () => rps('moleculer', () => broker.call('stock.stock', { sku: 'lamp' })),
    nest: () => rps('nest', () => firstValueFrom(nest.send('stock', { sku: 'lamp' }))),
  },
  { rounds: quick ? 2 : 9, warmUp: 1 },
);
await Promise.all([pool.close(), broker.stop(), nest.close(), app.stop()]);
await Promise.all(services.map((service) => service.stop()));

const medians = (values) => Object.fromEntries(Object.entries(values).map(([name, all]) => [name, median(all)]));
const perSecond = medians(measured);
const cpu = medians(cpuUs);
const p99 = medians(latencies);
const figures = {
  fwkRps: round(perSecond.fwk, 0),
  undiciRps: round(perSecond.undici, 0),
  moleculerRps: round(perSecond.moleculer, 0),
  nestRps: round(perSecond.nest, 0),
  cpuVsUndici: round(cpu.fwk / cpu.undici),
  rpsVsUndici: round(perSecond.fwk / perSecond.undici),
  rpsVsMoleculer: round(perSecond.fwk / perSecond.moleculer),
  p99Ms: Object.fromEntries(Object.entries(p99).map(([name, ms]) => [name, round(ms, 1)])),
};
const row = (name) =>
  `${round(perSecond[name], 0)} calls/s, ${round(cpu[name], 1)} µs CPU a call, p99 ${figures.p99Ms[name]} ms`;
report(
  `client: ${concurrency} calls under way, median of rounds`,
  [
    ['fwk client stack', row('fwk')],
    ['undici Pool.request + JSON', row('undici')],
    ['moleculer over TCP', row('moleculer')],
    ['nest over TCP', row('nest')],
    ['CPU a call, fwk / undici (must be ≤ 1.15)', figures.cpuVsUndici],
    ['calls/s, fwk / undici (must be ≥ 0.92)', figures.rpsVsUndici],
    ['calls/s, fwk / moleculer (must be ≥ 1.5)', figures.rpsVsMoleculer],
  ],
  figures,
);
process.exit(0);
