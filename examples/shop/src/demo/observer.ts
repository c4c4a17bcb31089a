import { performance } from 'node:perf_hooks';
import { samplesOf } from './exposition.js';
import type { Fleet } from './fleet.js';
import type { RunningService } from './service-process.js';

/** One line of the live view. */
export interface ServiceView {
  readonly service: string;
  readonly instances: number;
  /** Requests served per second since the last look. */
  readonly rate: number;
  /** Answers of 5xx per second. */
  readonly errors: number;
  /** How many of these requests came which way. */
  readonly byWire: CallsByWire;
  /** Upper bound of the bucket that holds the 99th percentile since the last look; 0 without requests. */
  readonly p99Ms: number;
  /** Names of breakers that are not closed, with their state. */
  readonly breakers: readonly string[];
}

/** Numbers of requests: `http`, `mux`, or `local` within one process. */
export type CallsByWire = Readonly<Record<string, number>>;

interface Totals {
  readonly count: number;
  readonly errors: number;
  readonly byWire: CallsByWire;
  /** Cumulative counts by upper bound in seconds. */
  readonly buckets: ReadonlyMap<number, number>;
  readonly breakers: readonly string[];
}

const histogram = 'http_server_request_duration_seconds';

/** Looks at every service through its management endpoints, as an operator's tools would. */
export class Observer {
  readonly #fleet: Fleet;
  #before = new Map<RunningService, Totals>();
  #lookedMs = performance.now();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  async look(): Promise<readonly ServiceView[]> {
    const running = this.#fleet.live;
    const now = new Map<RunningService, Totals>();
    await Promise.all(
      running.map(async (each) => {
        // A process that has just been killed does not answer; it is left out of this look.
        const totals = await totalsOf(each).catch(() => undefined);
        if (totals) now.set(each, totals);
      }),
    );
    const seconds = (performance.now() - this.#lookedMs) / 1000;
    this.#lookedMs = performance.now();
    const before = this.#before;
    this.#before = now;
    const services = [...new Set(running.map((each) => each.service))];
    return services.map((service) => {
      const members = [...now].filter(([each]) => each.service === service);
      return view(service, members, before, seconds);
    });
  }

  /** The requests that the services which run now have served since they started. */
  async callsByWire(): Promise<CallsByWire> {
    const totals = await Promise.all(this.#fleet.live.map((each) => totalsOf(each)));
    const sum: Record<string, number> = { http: 0, mux: 0, local: 0 };
    for (const { byWire } of totals) addTo(sum, byWire, 1);
    return sum;
  }
}

function addTo(sum: Record<string, number>, byWire: CallsByWire, sign: 1 | -1): void {
  for (const [wire, calls] of Object.entries(byWire)) sum[wire] = (sum[wire] ?? 0) + sign * calls;
}

function view(
  service: string,
  members: readonly (readonly [RunningService, Totals])[],
  before: ReadonlyMap<RunningService, Totals>,
  seconds: number,
): ServiceView {
  let count = 0;
  let errors = 0;
  const byWire: Record<string, number> = {};
  const buckets = new Map<number, number>();
  for (const [running, totals] of members) {
    const old = before.get(running);
    count += totals.count - (old?.count ?? 0);
    errors += totals.errors - (old?.errors ?? 0);
    addTo(byWire, totals.byWire, 1);
    if (old) addTo(byWire, old.byWire, -1);
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
    byWire,
    p99Ms: p99 * 1000,
    breakers: members.flatMap(([, totals]) => totals.breakers),
  };
}

async function totalsOf({ management }: RunningService): Promise<Totals> {
  const text = await (await fetch(`${management}/manage/metrics`, { signal: AbortSignal.timeout(1000) })).text();
  let count = 0;
  let errors = 0;
  const byWire: Record<string, number> = {};
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of samplesOf(text, histogram)) {
    if (name === `${histogram}_bucket`) {
      const bound = Number(labels.le?.replace('+Inf', 'Infinity'));
      buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    } else if (name === `${histogram}_count`) {
      count += value;
      if (labels.http_response_status_code?.startsWith('5')) errors += value;
      addTo(byWire, { [labels.network_protocol_name ?? 'http']: value }, 1);
    }
  }
  return { count, errors, byWire, buckets, breakers: await breakersOf(management) };
}

async function breakersOf(management: string): Promise<readonly string[]> {
  const answer = await fetch(`${management}/manage/policies`, { signal: AbortSignal.timeout(1000) });
  if (!answer.ok) return [];
  const { policies } = (await answer.json()) as { policies: readonly { name: string; breakers: readonly string[] }[] };
  return policies.flatMap(({ name, breakers }) =>
    breakers.filter((state) => state !== 'closed').map((state) => `${name} ${state}`),
  );
}
