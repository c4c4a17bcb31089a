import { type CallContext, type ContextChange, lastResortKey, type Service, type Status } from '@fwk/kernel';
import { instanceWeight } from '../instance.js';
import { type Endpoint, endpointKey } from '../membership/endpoint.js';
import type { ConnectionReport } from '../membership/monitor.js';
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
export class Node<Req, Res> implements Candidate, Host, LoadRow {
  // What every pick reads comes first, so that it stands together in memory.
  /** Set while a call is placed that is not to go there. */
  avoided = false;
  /** Whether it is ejected, as of the last change of the set. */
  out = false;
  /** Undefined until the first call: most clients of a large service never call most of its endpoints. */
  service: Service<Req, Res> | undefined;
  readonly table: LoadTable;
  readonly at: number;
  /** Another one where another balancer takes over. */
  meter: LoadMeter;
  /** Its number where picks are counted. */
  slot = 0;
  readonly endpoint: Endpoint;
  readonly health = new EndpointHealth();
  /** Set once the endpoint has left the membership. */
  removed = false;
  /** Number of the last list that it was in. */
  list = 0;
  /** Where it stands in that list. */
  place = 0;
  /** Whether it was UP when the list last changed. */
  wasUp = false;
  starting = false;
  readonly #set: NodeSet;
  readonly #make: (node: Node<Req, Res>) => EndpointService<Req, Res>;
  #made: EndpointService<Req, Res> | undefined;
  #change: ContextChange | undefined;
  #heard: HeardLoad | undefined;
  #probes = 0;
  /** Set while the node has left and calls are still under way. */
  #afterLastCall: (() => void) | undefined;

  /** @param make - makes its own service, when it is first needed. */
  constructor(
    endpoint: Endpoint,
    make: (node: Node<Req, Res>) => EndpointService<Req, Res>,
    { meter, row }: NodeMeasures,
    set: NodeSet,
  ) {
    this.service = undefined;
    this.endpoint = endpoint;
    this.#set = set;
    this.#make = make;
    this.meter = meter;
    this.table = row.table;
    this.at = row.at;
  }

  /** Makes its own service, unless there is one. @returns how that is */
  use(request?: Req): Status {
    if (this.#made === undefined) {
      this.#made = this.#make(this);
      this.service = this.#made.service;
    }
    return this.#made.service.status(request);
  }

  /** One that nobody has called yet is taken to be ready. */
  status(request?: Req): Status {
    return this.service === undefined ? 'ready' : this.service.status(request);
  }

  /** What tells the inner service its endpoint and whether there is another; made once, so that a call allocates only its context. */
  get change(): ContextChange {
    this.#change ??= { values: [endpointKey.of(this.endpoint), lastResortKey.of(this.#set.isLastResort)] };
    return this.#change;
  }

  /** Tries whether there is a connection, where that needs no call. */
  get check(): EndpointService<Req, Res>['check'] {
    return this.#made?.check;
  }

  /** What its connection reports. */
  report(): ConnectionReport | undefined {
    return this.#made?.report();
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
    this.use();
    const answered = this.#made?.probe(context);
    if (!answered) return undefined;
    this.#probes++;
    const over = () => {
      this.#probes--;
    };
    return answered.then(over, over);
  }

  available(request?: Req): boolean {
    return !this.avoided && !this.out && (this.service === undefined || this.service.status(request) === 'ready');
  }

  /** It is its own row: one object less to look at. */
  get row(): LoadRow {
    return this;
  }

  /** Calls of this balancer under way there. */
  get inFlight(): number {
    return this.table.cells[this.at + cell.inFlight] as number;
  }

  set inFlight(count: number) {
    this.table.cells[this.at + cell.inFlight] = count;
  }

  get up(): boolean {
    return this.endpoint.instance.status === 'UP';
  }

  get usable(): boolean {
    return this.up && !this.health.ejection;
  }

  load(nowMs: number, share = 1, more = 0): number {
    return this.meter.load(nowMs, (this.inFlight + more) / share, this);
  }

  /** What its instance says, times what slow start leaves of it. */
  weight(nowMs: number): number {
    return instanceWeight(this.endpoint.instance) * this.#set.share(this, nowMs);
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

  async #dispose(): Promise<void> {
    await this.#made?.dispose();
  }
}
