/**
 * Memory of idle Mux sessions at both ends: a server with its default layers, and a client. Both are processes of their own; each
 * session has carried one call. The memory of a few sessions is subtracted, so that only that of further ones counts.
 */
import { freePort, program, startUntil } from '../processes.mjs';

const few = 100;

/** @returns kB a session: in use at the server and at the client, and of what the system gave them. */
export async function measureIdleSessions(count) {
  const port = String(await freePort());
  const costs = { asked: true };
  const server = await startUntil(['--expose-gc', program('fwk-server')], 'ready', { BENCH_PORT: port }, costs);
  const memoryWith = async (sessions) => {
    const args = ['--expose-gc', program('idle-sessions'), port, String(sessions)];
    const client = await startUntil(args, 'idle', {}, costs);
    const both = { server: await server.memory(), client: await client.memory() };
    await client.stop();
    return both;
  };
  // First once unmeasured, so that all code has been loaded and compiled.
  await memoryWith(few);
  const [less, more] = [await memoryWith(few), await memoryWith(few + count)];
  await server.stop();
  const kBOf = (end, what) => (more[end][what] - less[end][what]) / count / 1024;
  return {
    serverKB: kBOf('server', 'used'),
    clientKB: kBOf('client', 'used'),
    serverRssKB: kBOf('server', 'rss'),
    clientRssKB: kBOf('client', 'rss'),
  };
}
