/** The embedded registry in a process of its own; tells what it costs whenever its parent asks. */
import * as fwk from '../fwk.mjs';

const { localRegistry } = await fwk.discovery();

const registry = localRegistry();
registry.services();
const waiting = registry.connection.subscribe(({ state }) => {
  if (state !== 'connected') return;
  waiting[Symbol.dispose]();
  process.send('ready');
});

let cpu = process.cpuUsage();
let sinceMs = performance.now();

/** Answers the CPU used since it was asked last, and the heap. */
process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu);
  const cpuPct = (user + system) / 10 / (performance.now() - sinceMs);
  globalThis.gc();
  cpu = process.cpuUsage();
  sinceMs = performance.now();
  process.send({ cpuPct, heapBytes: process.memoryUsage().heapUsed });
});

process.once('disconnect', () => process.exit(0));
