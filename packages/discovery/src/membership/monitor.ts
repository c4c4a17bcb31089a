/**
 * Where balancers show what they measure, for `/manage/endpoints`. A balancer finds the monitor by the list it balances
 * over, so that whoever builds a client need not carry one more thing about.
 */
import type { Live } from '@fwk/kernel';
import type { Endpoint } from './endpoint.js';
import type { Wire } from './wires.js';

/** What a connection to an endpoint reports. */
export interface ConnectionReport {
  /** The wire that the next call takes. */
  readonly wire: Wire;
  /** Open sessions of Mux. */
  readonly sessions: number;
  /** Round-trip time of the last ping on its session, in milliseconds; undefined until a ping was answered. */
  readonly roundTripMs: number | undefined;
}

/** One endpoint as one balancer sees it. */
export interface EndpointReport extends Partial<ConnectionReport> {
  readonly service: string;
  readonly endpoint: string;
  readonly url: string;
  readonly status: string;
  /** Expected cost of one more call, in the balancer's own measure; milliseconds for peak EWMA. */
  readonly load: number;
  readonly inFlight: number;
  /** Why it is not picked; undefined while it is. */
  readonly ejection: Readonly<Record<string, unknown>> | undefined;
}

/** Collects the reports of an application's balancers. */
export interface EndpointMonitor {
  /** @param report - read when somebody asks. Dispose the answer with the balancer. */
  add(report: () => readonly EndpointReport[]): Disposable;
  list(): readonly EndpointReport[];
}

const monitors = new WeakMap<object, EndpointMonitor>();

/** Says which monitor the balancers over a list report to. */
export function monitorBy(endpoints: Live<readonly Endpoint[]>, monitor: EndpointMonitor): void {
  monitors.set(endpoints, monitor);
}

/** The monitor of a list, if it has one. */
export function monitorOf(endpoints: Live<readonly Endpoint[]>): EndpointMonitor | undefined {
  return monitors.get(endpoints);
}

/** Makes a monitor. */
export function endpointMonitor(): EndpointMonitor {
  const reports = new Set<() => readonly EndpointReport[]>();
  return {
    add(report) {
      reports.add(report);
      return { [Symbol.dispose]: () => void reports.delete(report) };
    },
    list: () => [...reports].flatMap((report) => report()),
  };
}
