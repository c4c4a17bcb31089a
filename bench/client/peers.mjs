/** All that make the same call: our client over both wires, and its peers, each with its own server and in a process of its own. */
import { freePort, program, startUntil } from '../processes.mjs';

/** By name the arguments of `programs/caller.mjs`. */
const callers = {
  fwk: ['fwk', 'http'],
  mux: ['fwk', 'mux'],
  undici: ['undici'],
  moleculer: ['moleculer'],
  nest: ['nest'],
  grpc: ['grpc'],
};

/**
 * Starts the servers and the callers.
 * @param ours our application, which knows the server that undici calls
 * @param connections of the undici pool
 * @returns by name what makes calls and answers what they took
 */
export async function openPeers({ instanceOf }, connections) {
  for (const name of ['MOLECULER_SERVER', 'MOLECULER_CLIENT', 'NEST_PORT', 'GRPC_PORT']) {
    process.env[`BENCH_${name}`] = String(await freePort());
  }
  const services = await Promise.all(
    ['fwk-service', 'moleculer-service', 'nest-service', 'grpc-service'].map((name) =>
      startUntil([program(name)], 'ready'),
    ),
  );
  const { address, port } = await instanceOf('stock');
  const env = { BENCH_HOST: address, BENCH_PORT: String(port), BENCH_CONNECTIONS: String(connections) };
  const started = await Promise.all(
    Object.entries(callers).map(async ([name, args]) => {
      const caller = await startUntil([program('caller'), ...args], 'ready', env, { asked: true });
      return [name, caller];
    }),
  );
  return {
    makeCalls: Object.fromEntries(started.map(([name, caller]) => [name, (asked) => caller.ask(asked)])),
    close: () => Promise.all([...started.map(([, caller]) => caller), ...services].map((each) => each.stop())),
  };
}
