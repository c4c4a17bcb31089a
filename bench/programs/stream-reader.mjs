/**
 * Reads streams by one of the modules in readers/, whenever the process that started it asks, and tells what that took: CPU time of this
 * process, and elapsed time, in microseconds.
 */
import { performance } from 'node:perf_hooks';

const [name] = process.argv.slice(2);
const { open } = await import(`../readers/${name}.mjs`);
const items = await open();

process.on('message', async ({ kind, count, streams }) => {
  const before = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: streams }, () => read(kind, count)));
  const elapsedUs = (performance.now() - startMs) * 1000;
  const { user, system } = process.cpuUsage(before);
  process.send({ cpuUs: user + system, elapsedUs });
});
process.on('disconnect', () => process.exit());
process.stdout.write('ready\n');

async function read(kind, count) {
  let next = 1;
  for await (const { seq } of items(kind, count)) {
    if (seq !== next++) throw new Error(`item ${seq} came where ${next - 1} was due`);
  }
  if (next !== count + 1) throw new Error(`${next - 1} items came, not ${count}`);
}
