/** Makes calls one after the other, and tells what one took as a line of JSON: CPU time and elapsed time, in microseconds. */
import { performance } from 'node:perf_hooks';

const [calls] = process.argv.slice(2).map(Number);

export async function tellLocalCalls(call) {
  const { sku, left } = await call();
  if (sku !== 'lamp' || left !== 41) throw new Error('the answer is not the right one');
  await make(call);
  process.stdout.write(`${JSON.stringify(await make(call))}\n`);
}

async function make(call) {
  const before = process.cpuUsage();
  const startMs = performance.now();
  for (let at = 0; at < calls; at++) await call();
  const elapsedUs = ((performance.now() - startMs) * 1000) / calls;
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / calls, elapsedUs };
}
