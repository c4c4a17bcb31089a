import { type CallContext, type ContextChange, lastResortKey, type Service } from '@fwk/kernel';
import { type Endpoint, endpointKey } from '../membership/endpoint.js';
import { EndpointHealth } from '../outlier/endpoint-health.js';
import type { Host } from '../outlier/host.js';
import type { Candidate, LoadMeter } from '../pick/balancer.js';
import { HeardLoad } from '../pick/load-report.js';
import { cell, type LoadRow, type LoadTable } from '../pick/load-table.js';
import type { EndpointService } from './endpoint-service.js';

/** What measures a node, and where. */
export interface NodeMeasures {
  readonly meter: LoadMeter;
  readonly row: LoadRow;
}

/** The set that a node is in. */
export interface NodeSet {
  /** Whether no other endpoint would take a request now. */
  readonly isLastResort: (request: unknown) => boolean;
  /** What of its weight an endpoint gets now. */
  share(host: Host, nowMs: number): number;
}

/** Probes of one endpoint under way at once: one that does not answer is asked no more. */
const MAX_PROBES = 8;

/** One endpoint of one balanced stack: its own service, which it ends, its measurements, the calls under way. */
export class Node<Req, Res> implements Candidate, Host {
  // What every pick reads comes first, so that it stands together in memory.
  /** Set while a call is placed that is not to go there. */
  avoided = false;
  /** Whether it is ejected, as of the last change of the set. */
  out = false;
  readonly service: Service<Req, Res>;
  readonly #table: LoadTable;
  readonly #at: number;
  /** Another one where another balancer takes over. */
  meter: LoadMeter;
  /** Its number where picks are counted. */
  slot = 0;
  readonly endpoint: Endpoint;
  /** What tells the inner service its endpoint and whether there is another; made once, so that a call allocates only its context. */
  readonly change: ContextChange;
  readonly health = new EndpointHealth();
  readonly row: LoadRow;
  /** Set once the endpoint has left the membership. */
  removed = false;
  /** Whether it was UP when the list last changed. */
  wasUp = false;
  /** Tries whether there is a connection, where that needs no call. */
  readonly check: EndpointService<Req, Res>['check'];
  /** What its connection reports. */
  readonly report: EndpointService<Req, Res>['report'];
  readonly #set: NodeSet;
  readonly #ask: EndpointService<Req, Res>['probe'];
  #heard: HeardLoad | undefined;
  #probes = 0;
  readonly #dispose: () => Promise<void>;
  /** Set while the node has left and calls are still under way. */
  #afterLastCall: (() => void) | undefined;

  constructor(
    endpoint: Endpoint,
    { service, report, check, probe, dispose }: EndpointService<Req, Res>,
    { meter, row }: NodeMeasures,
    set: NodeSet,
  ) {
    this.endpoint = endpoint;
    this.service = service;
    this.report = report;
    this.check = check;
    this.#set = set;
    this.#ask = probe;
    this.#dispose = dispose;
    this.meter = meter;
    this.row = row;
    this.#table = row.table;
    this.#at = row.at;
    this.change = { values: [endpointKey.of(endpoint), lastResortKey.of(set.isLastResort)] };
  }

  get heard(): HeardLoad | undefined {
    return this.#heard;
  }

  /** Takes what the endpoint says of its load. @returns false when that cannot be true */
  hear(nowMs: number, inFlight: number, latencyMs: number, probed: boolean): boolean {
    this.#heard ??= new HeardLoad();
    // A call that was just answered is still counted here, and no more there.
    const own = probed ? this.inFlight : this.inFlight - 1;
    return this.#heard.hear(nowMs, inFlight, latencyMs, Math.max(0, own));
  }

  probe(context: CallContext): Promise<void> | undefined {
    if (this.#probes >= MAX_PROBES) return undefined;
    const answered = this.#ask(context);
    if (!answered) return undefined;
    this.#probes++;
    const over = () => {
      this.#probes--;
    };
    return answered.then(over, over);
  }

  available(request?: Req): boolean {
    return !this.avoided && !this.out && this.service.status(request) === 'ready';
  }

  /** Calls of this balancer under way there. */
  get inFlight(): number {
    return this.#table.cells[this.#at + cell.inFlight] as number;
  }

  set inFlight(count: number) {
    this.#table.cells[this.#at + cell.inFlight] = count;
  }

  get up(): boolean {
    return this.endpoint.instance.status === 'UP';
  }

  get usable(): boolean {
    return this.up && !this.health.ejection;
  }

  load(nowMs: number, share = 1, more = 0): number {
    return this.meter.load(nowMs, (this.inFlight + more) / share);
  }

  /** What its instance says, times what slow start leaves of it; a list that was made by hand may hold what no registry takes, which counts as nothing said. */
  weight(nowMs: number): number {
    const { weight = 1 } = this.endpoint.instance;
    return (weight > 0 && Number.isFinite(weight) ? weight : 1) * this.#set.share(this, nowMs);
  }

  /** Whoever counts a call out calls this when there is nothing left to do for it. */
  callEnded(): void {
    if (this.removed && this.inFlight === 0) this.#afterLastCall?.();
  }

  /** Disposes of the service as soon as no call is under way; settles then and never rejects. */
  leave(): Promise<void> {
    this.removed = true;
    if (this.inFlight === 0) return this.#dispose();
    return new Promise((resolve) => {
      this.#afterLastCall = () => resolve(this.#dispose());
    });
  }
}
