import { type BalanceOptions, balance, type Endpoint, staticEndpoints } from '@fwk/discovery';
import { type Env, type Service, type Stack, stack } from '@fwk/kernel';
import { attemptTimeout } from '@fwk/resilience';
import type { Simulation } from '../engine/simulation.js';
import { hop } from './hop.js';
import type { SimulatedServer } from './server.js';

/** How a client reaches the instances of a service. */
export interface FleetOptions extends Pick<BalanceOptions<unknown, string>, 'balancer' | 'ejection'> {
  /** Time of one way to any instance, in milliseconds. */
  readonly delayMs: number;
  /** Limit of one attempt, in milliseconds, as clients of contracts have it on each endpoint. @defaultValue none */
  readonly timeoutMs?: number;
  /** The client's environment. @defaultValue the simulation's own for `client` */
  readonly env?: Env;
}

const FIRST_PORT = 10_000;

/** The real balancer of one client, in front of simulated instances. */
export function fleet(
  simulation: Simulation,
  servers: readonly SimulatedServer[],
  { delayMs, timeoutMs, env = simulation.env('client'), ...options }: FleetOptions,
): Service<unknown, string> {
  const urls = servers.map((_, index) => `http://10.0.0.1:${FIRST_PORT + index}`);
  const hops = servers.map((server) => hop(simulation, { operation: 'fleet.work', delayMs: () => delayMs }, server));
  const endpoint = (): Stack<unknown, string> => {
    const layers = stack<unknown, string>(env);
    return timeoutMs === undefined ? layers : layers.use(attemptTimeout({ timeoutMs }));
  };
  const connect = ({ port }: Endpoint) => hops[port - FIRST_PORT]!;
  return stack<unknown, string>(env)
    .use(balance({ service: 'fleet', endpoints: staticEndpoints('fleet', urls), connect, endpoint, ...options }))
    .into(() => Promise.reject(new Error('the fleet was disposed of')));
}
