import { performance } from 'node:perf_hooks';
import { samplesOf } from './exposition.js';
import type { Fleet } from './fleet.js';
import type { ServiceProcess } from './service-process.js';

/** One line of the live view. */
export interface ServiceView {
  readonly service: string;
  readonly instances: number;
  /** Requests served per second since the last look. */
  readonly rate: number;
  /** Answers of 5xx per second. */
  readonly errors: number;
  /** Share of these requests that came over Mux, 0 to 1; undefined without requests. */
  readonly overMux: number | undefined;
  /** Upper bound of the bucket that holds the 99th percentile since the last look; 0 without requests. */
  readonly p99Ms: number;
  /** Names of breakers that are not closed, with their state. */
  readonly breakers: readonly string[];
}

interface Totals {
  readonly count: number;
  readonly errors: number;
  readonly overMux: number;
  /** Cumulative counts by upper bound in seconds. */
  readonly buckets: ReadonlyMap<number, number>;
  readonly breakers: readonly string[];
}

const histogram = 'http_server_request_duration_seconds';

/** Looks at every process through its management endpoints, as an operator's tools would. */
export class Observer {
  readonly #fleet: Fleet;
  #before = new Map<ServiceProcess, Totals>();
  #lookedMs = performance.now();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  async look(): Promise<readonly ServiceView[]> {
    const processes = this.#fleet.live;
    const now = new Map<ServiceProcess, Totals>();
    await Promise.all(
      processes.map(async (process) => {
        // A process that has just been killed does not answer; it is left out of this look.
        const totals = await totalsOf(process).catch(() => undefined);
        if (totals) now.set(process, totals);
      }),
    );
    const seconds = (performance.now() - this.#lookedMs) / 1000;
    this.#lookedMs = performance.now();
    const before = this.#before;
    this.#before = now;
    const services = [...new Set(processes.map((process) => process.service))];
    return services.map((service) => {
      const members = [...now].filter(([process]) => process.service === service);
      return view(service, members, before, seconds);
    });
  }
}

function view(
  service: string,
  members: readonly (readonly [ServiceProcess, Totals])[],
  before: ReadonlyMap<ServiceProcess, Totals>,
  seconds: number,
): ServiceView {
  let count = 0;
  let errors = 0;
  let overMux = 0;
  const buckets = new Map<number, number>();
  for (const [process, totals] of members) {
    const old = before.get(process);
    count += totals.count - (old?.count ?? 0);
    errors += totals.errors - (old?.errors ?? 0);
    overMux += totals.overMux - (old?.overMux ?? 0);
    for (const [bound, value] of totals.buckets) {
      buckets.set(bound, (buckets.get(bound) ?? 0) + value - (old?.buckets.get(bound) ?? 0));
    }
  }
  const bounds = [...buckets].sort(([a], [b]) => a - b);
  const p99 = count === 0 ? 0 : (bounds.find(([, below]) => below >= 0.99 * count)?.[0] ?? Number.POSITIVE_INFINITY);
  return {
    service,
    instances: members.length,
    rate: count / seconds,
    errors: errors / seconds,
    overMux: count === 0 ? undefined : overMux / count,
    p99Ms: p99 * 1000,
    breakers: members.flatMap(([, totals]) => totals.breakers),
  };
}

async function totalsOf({ reached }: ServiceProcess): Promise<Totals> {
  const text = await (
    await fetch(`${reached?.management}/manage/metrics`, { signal: AbortSignal.timeout(1000) })
  ).text();
  let count = 0;
  let errors = 0;
  let overMux = 0;
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of samplesOf(text, histogram)) {
    if (name === `${histogram}_bucket`) {
      const bound = Number(labels.le?.replace('+Inf', 'Infinity'));
      buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    } else if (name === `${histogram}_count`) {
      count += value;
      if (labels.http_response_status_code?.startsWith('5')) errors += value;
      if (labels.network_protocol_name === 'mux') overMux += value;
    }
  }
  return { count, errors, overMux, buckets, breakers: await breakersOf(reached?.management ?? '') };
}

async function breakersOf(management: string): Promise<readonly string[]> {
  const answer = await fetch(`${management}/manage/policies`, { signal: AbortSignal.timeout(1000) });
  if (!answer.ok) return [];
  const { policies } = (await answer.json()) as { policies: readonly { name: string; breakers: readonly string[] }[] };
  return policies.flatMap(({ name, breakers }) =>
    breakers.filter((state) => state !== 'closed').map((state) => `${name} ${state}`),
  );
}
