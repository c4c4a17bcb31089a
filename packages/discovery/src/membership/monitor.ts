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
  /** Of an instance that is UP what this client's layers in front of it say: `ready`, `busy`; else what the instance says. */
  readonly status: string;
  readonly version: string;
  readonly zone: string | undefined;
  /** The hash of its settings, where it tells one: those that differ have other settings. */
  readonly config: string | undefined;
  /** Its share of the traffic relative to the others, what slow start leaves of it. */
  readonly weight: number;
  /** Expected cost of one more call, in the balancer's own measure; milliseconds for peak EWMA. */
  readonly load: number;
  readonly inFlight: number;
  /** Attempts of this client that went there during the last minute. */
  readonly picks: number;
  /** The same as a share of those to all endpoints, 0 to 1. */
  readonly share: number;
  /** Its group of the split; undefined where the traffic is not split, or it is in no group. */
  readonly group: string | undefined;
  /** Why no call without wishes of its own goes there now; undefined while some do. */
  readonly leftOut: ReasonReport | undefined;
  /** Which rule ejected it, in full; undefined while it is in. */
  readonly ejection: Readonly<Record<string, unknown>> | undefined;
  /** What a rule of ejection found of it, though it stays because enough others are out; undefined for nothing. */
  readonly withheld: Readonly<Record<string, unknown>> | undefined;
}

/** Why an endpoint gets no calls. */
export interface ReasonReport {
  /** `status` of the instance, a rule of ejection, one of routing, or `own-layers`: an open breaker, a full limit. */
  readonly rule: string;
  readonly measured: unknown;
  /** From which figure on the rule acts; of rules that measure. */
  readonly threshold?: unknown;
  /** What it would have to be; of rules that compare. */
  readonly wanted?: string;
  /** When a call may try it again, in wall-clock milliseconds since the epoch; of ejections. */
  readonly untilMs?: number;
  /** The last error; of ejections. */
  readonly error?: string;
}

/** One group of a split. */
export interface SplitReport {
  readonly group: string;
  /** Endpoints that are in it. */
  readonly endpoints: number;
  /** Its share as it is configured. */
  readonly configured: number;
  readonly picks: number;
  /** Its share of the picks of all groups; 0 without any. */
  readonly measured: number;
}

/** One client, or whatever else balances, as a whole. */
export interface BalancerReport {
  readonly service: string;
  /** Where it stands in the application, such as `storefront/inventory`. */
  readonly path: string;
  /** Its standard name, with its settings. */
  readonly balancer: Readonly<Record<string, unknown>>;
  /** Endpoints that it knows. */
  readonly known: number;
  /** Those of them that get calls. */
  readonly picked: number;
  /**
   * Set while so many are ejected that some of them stay as a last resort: how many of those that are UP are out, as a share
   * (`measured`), and from which share on that is (`threshold`).
   */
  readonly panic: { readonly measured: number; readonly threshold: number } | undefined;
  /** How the traffic is split: shares from 0 to 1 as configured, and of the attempts of the last minute; undefined where it is not. */
  readonly split: readonly SplitReport[] | undefined;
  readonly endpoints: readonly EndpointReport[];
}

/** The clients of an application, and their endpoints; `client` says whose an endpoint's report is. */
export interface MonitorReport {
  readonly clients: readonly ({ readonly client: string } & Omit<BalancerReport, 'endpoints'>)[];
  readonly endpoints: readonly ({ readonly client: string } & EndpointReport)[];
}

/** Collects the reports of an application's balancers. */
export interface EndpointMonitor {
  /** @param report - read when somebody asks. Dispose the answer with the balancer. */
  add(report: () => BalancerReport): Disposable;
  /** @param service - only the clients of this one. @defaultValue those of all */
  report(service?: string): MonitorReport;
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
  const reports = new Set<() => BalancerReport>();
  const report = (service?: string): MonitorReport => {
    const named = withNames(
      [...reports].map((read) => read()).filter((each) => (service ?? each.service) === each.service),
    );
    return {
      clients: named.map(({ client, report: { endpoints: _, ...whole } }) => ({ client, ...whole })),
      endpoints: named.flatMap(({ client, report: { endpoints } }) => endpoints.map((each) => ({ client, ...each }))),
    };
  };
  return {
    add(read) {
      reports.add(read);
      return { [Symbol.dispose]: () => void reports.delete(read) };
    },
    report,
    list: () => report().endpoints,
  };
}

/** Names each by its path; several with the same path by their number too, in the order in which they were made. */
function withNames(reports: readonly BalancerReport[]): readonly { client: string; report: BalancerReport }[] {
  const seen = new Map<string, number>();
  return reports.map((report) => {
    const count = (seen.get(report.path) ?? 0) + 1;
    seen.set(report.path, count);
    return { client: count === 1 ? report.path : `${report.path}#${count}`, report };
  });
}
