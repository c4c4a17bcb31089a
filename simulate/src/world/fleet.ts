import {
  type BalanceOptions,
  balance,
  type Connection,
  type Endpoint,
  type LoadGauge,
  staticEndpoints,
  type TakeReport,
} from '@fwk/discovery';
import { type CallContext, type Env, type Live, type Service, type Stack, stack } from '@fwk/kernel';
import { attemptTimeout } from '@fwk/resilience';
import type { Simulation } from '../engine/simulation.js';
import { hop } from './hop.js';

/** An instance of a service. */
export interface FleetServer extends Service<unknown, string> {
  readonly load: LoadGauge;
}

/** How a client reaches the instances of a service. */
export interface FleetOptions extends Pick<BalanceOptions<unknown, string>, 'balancer' | 'ejection'> {
  /** Time of one way to any instance, in milliseconds. */
  readonly delayMs: number;
  /** Limit of one attempt, in milliseconds, as clients of contracts have it on each endpoint. @defaultValue none */
  readonly timeoutMs?: number;
  /** The client's environment. @defaultValue the simulation's own for `client` */
  readonly env?: Env;
  /** The addresses of the instances, where several clients have the same. @defaultValue made for this client */
  readonly endpoints?: Live<readonly Endpoint[]>;
  /** Whether the instances tell their load on answers, and when they are asked. @defaultValue true */
  readonly reports?: boolean;
  /** Called with each question for an instance's load. */
  readonly onProbe?: () => void;
}

const FIRST_PORT = 10_000;

/** The addresses of so many instances. */
export function fleetEndpoints(count: number): Live<readonly Endpoint[]> {
  const urls = Array.from({ length: count }, (_, index) => `http://10.0.0.1:${FIRST_PORT + index}`);
  return staticEndpoints('fleet', urls);
}

/** The real balancer of one client, in front of simulated instances. */
export function fleet(
  simulation: Simulation,
  servers: readonly FleetServer[],
  {
    delayMs,
    timeoutMs,
    env = simulation.env('client'),
    endpoints = fleetEndpoints(servers.length),
    reports = true,
    onProbe = () => {},
    ...options
  }: FleetOptions,
): Service<unknown, string> {
  const endpoint = (): Stack<unknown, string> => {
    const layers = stack<unknown, string>(env);
    return timeoutMs === undefined ? layers : layers.use(attemptTimeout({ timeoutMs }));
  };
  const connect = ({ port }: Endpoint, take: TakeReport): Connection<unknown, string> => {
    const server = servers[port - FIRST_PORT] as FleetServer;
    const { load } = server;
    const there = hop(
      simulation,
      { operation: 'fleet.work', delayMs: () => delayMs, ...(reports && { told: { load, take } }) },
      server,
    );
    const probe = (context: CallContext) => {
      onProbe();
      return askLoad(simulation, delayMs, server, take, context);
    };
    return reports ? Object.assign(there, { probe }) : there;
  };
  return stack<unknown, string>(env)
    .use(balance({ service: 'fleet', endpoints, connect, endpoint, ...options }))
    .into(() => Promise.reject(new Error('the fleet was disposed of')));
}

/** Asks an instance for its load: there and back over the network. */
function askLoad(
  { clock }: Simulation,
  delayMs: number,
  { load }: FleetServer,
  take: TakeReport,
  context: CallContext,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = context.onCancel(reject);
    clock.setTimer(() => {
      const { inFlight, latencyMs } = load;
      clock.setTimer(() => {
        subscription[Symbol.dispose]();
        if (context.cancelled) return;
        take(inFlight, latencyMs, true);
        resolve();
      }, delayMs);
    }, delayMs);
  });
}
