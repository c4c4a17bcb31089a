/**
 * CPU time of a server for the read of the row `server`: ours, called over Mux by our client, and a bare fastify, asked over
 * bare sockets with the headers that our client sends, which costs it least.
 */
import { makeCalls } from '../calls.mjs';
import { openLoad } from '../load.mjs';
import { freePort, program, startUntil } from '../processes.mjs';
import { orders } from '../programs/order-contract.mjs';
import { isRightAnswer, requestOf } from '../requests.mjs';

/** @returns for each server what makes calls and answers microseconds of the server's CPU a call. */
export async function openServers({ app, clientOf }, { calls, concurrency }) {
  const [ours, theirs] = await Promise.all(['fwk-server', 'fastify-server'].map(start));
  const client = app.get(clientOf(orders, { wire: 'mux' }));
  const load = await openLoad({
    port: theirs.port,
    request: requestOf('GET', '/stock/lamp'),
    isRight: isRightAnswer,
    connections: concurrency,
  });
  const call = () => client.stock({ params: { sku: 'lamp' } });
  return {
    subjects: {
      'mux server': () => cpuOf(ours, () => makeCalls(call, { calls, concurrency }), calls),
      'fastify server': () => cpuOf(theirs, () => load.run(calls), calls),
    },
    async close() {
      load.close();
      await Promise.all([ours.stop(), theirs.stop()]);
    },
  };
}

async function start(name) {
  const port = await freePort();
  const server = await startUntil([program(name)], 'ready', { BENCH_PORT: String(port) }, { asked: true });
  return { ...server, port };
}

async function cpuOf({ cpu }, run, calls) {
  const beforeUs = await cpu();
  await run();
  return ((await cpu()) - beforeUs) / calls;
}
