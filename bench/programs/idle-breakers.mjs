/** Makes so many breakers of fwk or opossum, calls each once, lets them be, and prints what they cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as fwk from '../fwk.mjs';

const [kind, count, idleMs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

async function answer() {
  return 42;
}

async function makers() {
  if (kind === 'fwk') {
    const { circuitBreaker } = await fwk.resilience();
    return (name) => circuitBreaker({ name }).wrap(answer);
  }
  const { default: Opossum } = await import('opossum');
  return (name) => {
    const breaker = new Opossum(answer, { name });
    return () => breaker.fire();
  };
}

const make = await makers();
// Loads and compiles what the first one needs.
await make('first')();
globalThis.gc();
const beforeBytes = process.memoryUsage().heapUsed;
const calls = Array.from({ length: count }, (_, at) => make(`breaker-${at}`));
for (const call of calls) await call();
// The timers of calls that are over are dropped on the next turns of the loop.
await sleep(100);
globalThis.gc();
const kB = (process.memoryUsage().heapUsed - beforeBytes) / count / 1024;

const cpu = process.cpuUsage();
await sleep(idleMs);
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({ kB, idleCpuPct: ((user + system) / 1000 / idleMs) * 100, kept: calls.length })}\n`,
);
process.exit(0);
