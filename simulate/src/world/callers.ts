/** Many callers of one service, each with a balancer and a router of its own, whose calls are answered at once. */
import {
  type Balancer,
  balance,
  type Caller,
  type Endpoint,
  type Instance,
  parseInstance,
  type RoutingOptions,
  roundRobin,
  routing,
} from '@fwk/discovery';
import { background, liveValue, type Service, stack } from '@fwk/kernel';
import type { Simulation } from '../engine/simulation.js';

/** Who called whom how often. */
export interface Tally {
  /** By the id of the called endpoint. */
  readonly calls: ReadonlyMap<string, number>;
}

/** The ids of the endpoints that one caller calls with a subset of this size. */
export async function subsetOfCaller(
  world: Simulation,
  called: readonly Endpoint[],
  subset: number,
  caller: Caller,
): Promise<ReadonlySet<string>> {
  // By turns each of them is called.
  const { calls } = await callTimes(world, called.length, called, { subset }, caller, roundRobin());
  return new Set(calls.keys());
}

/** An endpoint that nobody listens at. */
export function endpointOf(id: string, facts: Partial<Instance> = {}): Endpoint {
  const instance = parseInstance({
    ...{ id, service: 'fleet', version: '1.0.0', address: '10.0.0.1', port: 80, startedAtMs: 0, status: 'UP' },
    ...facts,
  });
  return { id, address: instance.address, port: instance.port, url: 'http://10.0.0.1', wires: ['http'], instance };
}

/** Lets one caller make so many calls, one after the other. */
export async function callTimes(
  world: Simulation,
  count: number,
  called: readonly Endpoint[],
  options: Partial<RoutingOptions>,
  caller: Caller,
  balancer: Balancer,
): Promise<Tally> {
  const calls = new Map<string, number>();
  const connect = ({ id }: Endpoint): Service<string, string> => ({
    async call() {
      calls.set(id, (calls.get(id) ?? 0) + 1);
      return 'answered';
    },
    status: () => 'ready',
  });
  const env = world.env(`caller ${caller.id}`);
  const layer = balance<string, string>({
    service: 'fleet',
    endpoints: liveValue(called),
    connect,
    balancer,
    routing: routing(options, caller),
  });
  const service = stack<string, string>(env)
    .use(layer)
    .into(() => Promise.reject(new Error('the callers were disposed of')));
  for (let call = 0; call < count; call++) await service.call('request', background);
  return { calls };
}
