/**
 * Which endpoints calls go to: those that are UP and not ejected, as an array that is made anew with each change, so that a
 * pick is an index into it. Also keeps the ejected ones and when the first of them is due; that is compared with the clock
 * on each pick, so no timer is needed.
 *
 * At most half of the endpoints leave the array. Beyond that an ejected one stays in it as a last resort, marked
 * unavailable: when most of the hosts seem dead, the eyes are likelier wrong than the hosts.
 */
import { type CallContext, type Env, messageOf } from '@fwk/kernel';
import { type CallRoute, routeKey } from '../membership/call-route.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import type { Balancer, Candidate, Picker } from '../pick/balancer.js';
import { LoadTable } from '../pick/load-table.js';
import type { LeftOut, RoutedPicker, Router } from '../pick/router.js';
import type { Failure } from './failure.js';
import type { Node, NodeMeasures } from './node.js';

/** How long a due endpoint is left alone whose own service (an open breaker) does not want calls. */
const LOOK_AGAIN_MS = 100;

/** How a set picks. */
export interface PickRules {
  readonly balancer: Balancer;
  /** Undefined: nothing is ever ejected. */
  readonly ejection: EjectionOptions | undefined;
  /** Undefined: a call may go to all of them. */
  readonly router: Router | undefined;
}

/** The nodes of one balanced stack and the picker over the usable ones. */
export class PickSet<Req, Res> {
  readonly #env: Env;
  readonly #service: string;
  readonly #nodes = new Map<Endpoint, Node<Req, Res>>();
  readonly #ejected = new Set<Node<Req, Res>>();
  readonly #table = new LoadTable();
  #rules: PickRules;
  #picker: Picker | undefined;
  /** The picker, if a router made it. */
  #routed: RoutedPicker | undefined;
  /** The pickers of the router's groups. */
  #groups: ReadonlyMap<string, Picker> = new Map();
  #up = 0;
  /** Monotonic time at which the first ejected endpoint may be tried. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(service: string, env: Env, rules: PickRules) {
    this.#service = service;
    this.#env = env;
    this.#rules = rules;
  }

  get nodes(): IterableIterator<Node<Req, Res>> {
    return this.#nodes.values();
  }

  /** The node of a member. */
  nodeOf(endpoint: Endpoint): Node<Req, Res> | undefined {
    return this.#nodes.get(endpoint);
  }

  /** Takes over a new list: known endpoints keep their node, new ones get one, the rest are answered. */
  update(endpoints: readonly Endpoint[], make: (endpoint: Endpoint) => Node<Req, Res>): readonly Node<Req, Res>[] {
    const listed = new Set(endpoints);
    const removed: Node<Req, Res>[] = [];
    for (const [endpoint, node] of this.#nodes) {
      if (listed.has(endpoint)) continue;
      this.#nodes.delete(endpoint);
      this.#ejected.delete(node);
      removed.push(node);
    }
    for (const endpoint of endpoints) {
      if (!this.#nodes.has(endpoint)) this.#nodes.set(endpoint, make(endpoint));
    }
    this.#rebuild();
    return removed;
  }

  /** What measures an endpoint that is new. */
  measures(): NodeMeasures {
    const row = this.#table.add();
    return { row, meter: this.#rules.balancer.meter(this.#env, undefined, row) };
  }

  /** Forgets what was measured of a node that has left, when its last call is over. */
  forget({ row }: Node<Req, Res>): void {
    this.#table.remove(row.at);
  }

  /** Takes another balancer; what is known of endpoints is carried on where it can be. */
  balanceBy(balancer: Balancer): void {
    this.#rules = { ...this.#rules, balancer };
    for (const node of this.#nodes.values()) node.meter = balancer.meter(this.#env, node.meter, node.row);
    this.#rebuild();
  }

  /** Takes other rules of ejection; when nothing is to be ejected any more, all come back. */
  ejectBy(ejection: EjectionOptions | undefined): void {
    this.#rules = { ...this.#rules, ejection };
    if (!ejection) for (const node of this.#ejected) this.#readmit(node, this.#env.clock.now());
    this.#rebuild();
  }

  /** Takes another router. */
  routeBy(router: Router | undefined): void {
    this.#rules = { ...this.#rules, router };
    this.#rebuild();
  }

  pick(nowMs: number, request: Req, context: CallContext): Node<Req, Res> | undefined {
    const route = context.get(routeKey);
    return route?.pin !== undefined || route?.avoid !== undefined
      ? this.#pickFor(route, nowMs, request, context)
      : this.#pickAny(nowMs, request, context);
  }

  #pickAny(nowMs: number, request: Req, context: CallContext): Node<Req, Res> | undefined {
    if (nowMs >= this.#dueMs) {
      const probe = this.#probe(nowMs, request, context);
      if (probe) return probe;
    }
    return this.#picker?.pick(nowMs, request, context) as Node<Req, Res> | undefined;
  }

  /** The pinned one if it is a member; otherwise none of those to be avoided, which count as unavailable meanwhile. */
  #pickFor(
    { pin, avoid = [] }: CallRoute,
    nowMs: number,
    request: Req,
    context: CallContext,
  ): Node<Req, Res> | undefined {
    const avoided: Node<Req, Res>[] = [];
    for (const node of this.#nodes.values()) {
      if (node.endpoint.id === pin) return node;
      if (avoid.includes(node.endpoint.id)) avoided.push(node);
    }
    for (const node of avoided) node.avoided = true;
    try {
      return this.#pickAny(nowMs, request, context);
    } finally {
      for (const node of avoided) node.avoided = false;
    }
  }

  /** Whether there are several endpoints and none is available for the request. */
  readonly isLastResort = (request: unknown): boolean => {
    if (this.#up < 2) return false;
    for (const node of this.#nodes.values()) {
      if (node.endpoint.instance.status !== 'UP' || !node.available(request as Req)) continue;
      if (!this.#routed || this.#routed.admits(node, request)) return false;
    }
    return true;
  };

  /** Why a member gets no calls now, by the router. @param context - of a call that says where it wants to go */
  leftOut(node: Node<Req, Res>, context?: CallContext): LeftOut | undefined {
    return this.#routed?.leftOut(node, context);
  }

  /**
   * @param operation - which one was answered.
   * @param startMs - when the call began: an answer to an older call says nothing about an endpoint ejected since.
   */
  succeeded(node: Node<Req, Res>, operation: string, startMs: number, nowMs: number): void {
    const { health } = node;
    health.answered(operation, nowMs);
    if (health.consecutiveFailures === 0 && !health.ejection) return;
    if (health.ejection && startMs < health.ejection.atMs) return;
    if (this.#readmit(node, nowMs)) this.#rebuild();
  }

  /** An endpoint is out for what speaks against the host, not for one operation that fails while others are answered. */
  failed(node: Node<Req, Res>, { rule, certain, operation, error }: Failure, nowMs: number): void {
    const { health } = node;
    const options = this.#rules.ejection;
    if (!options || node.removed) return;
    if (rule) health.failed(operation);
    const again = health.probing;
    if (!rule || (health.ejection && !again)) {
      this.release(node);
      return;
    }
    if (!certain && health.isOfOneOperation(nowMs, options.forgetMs)) {
      this.release(node);
      return;
    }
    const due = rule === 'connection-failed' || again || health.consecutiveFailures >= options.consecutiveFailures;
    if (!due || (rule === 'consecutive-failures' && !again && !this.#mayEject(options))) return;
    const moment = { ms: nowMs, wallMs: this.#env.clock.wallTime(), random: this.#env.random };
    const { dueMs: _, atMs: __, ...record } = health.eject(rule, messageOf(error), moment, options);
    this.#ejected.add(node);
    this.#rebuild();
    this.#emit('endpoint.ejected', node, { ...record });
  }

  /** A probe ended without saying anything: the next call may try again. */
  release(node: Node<Req, Res>): void {
    if (!node.health.probing) return;
    node.health.probing = false;
    this.#schedule();
  }

  #readmit(node: Node<Req, Res>, nowMs: number): boolean {
    if (!node.health.succeed(nowMs)) return false;
    this.#ejected.delete(node);
    this.#emit('endpoint.readmitted', node, { inFlight: node.inFlight });
    return true;
  }

  /** The ejected endpoint whose time has come, for exactly one call. */
  #probe(nowMs: number, request: Req, context: CallContext): Node<Req, Res> | undefined {
    for (const node of this.#ejected) {
      const { health } = node;
      if (!health.ejection || health.probing || health.ejection.dueMs > nowMs) continue;
      if (node.avoided || node.endpoint.instance.status !== 'UP' || node.service.status(request) !== 'ready') continue;
      if (this.#routed && !this.#routed.admits(node, request, context)) continue;
      health.probing = true;
      this.#schedule();
      return node;
    }
    this.#dueMs = nowMs + LOOK_AGAIN_MS;
    return undefined;
  }

  #mayEject({ maxEjectedRatio }: EjectionOptions): boolean {
    let out = 0;
    for (const { health } of this.#ejected) if (health.ejection?.rule === 'consecutive-failures') out++;
    return out < Math.max(1, Math.floor(this.#up * maxEjectedRatio));
  }

  #rebuild(): void {
    const up = [...this.#nodes.values()].filter(({ endpoint }) => endpoint.instance.status === 'UP');
    this.#up = up.length;
    const { ejection } = this.#rules;
    let mayLeave = ejection ? Math.floor(up.length * (1 - ejection.panicRatio)) : 0;
    if (mayLeave === up.length) mayLeave--;
    const picked = this.#ejected.size === 0 ? up : up.filter((node) => !node.health.ejection || mayLeave-- <= 0);
    this.#picker = this.#pickerOver(picked);
    this.#schedule();
  }

  #pickerOver(candidates: readonly Candidate[]): Picker {
    const { balancer, router } = this.#rules;
    this.#routed = undefined;
    if (!router) return balancer.picker(candidates, this.#env, this.#picker);
    const before = this.#groups;
    const groups = new Map<string, Picker>();
    this.#groups = groups;
    const make = (name: string, some: readonly Candidate[]) => {
      const picker = balancer.picker(some, this.#env, before.get(name));
      groups.set(name, picker);
      return picker;
    };
    const out = new Set([...this.#nodes.values()].filter(isOut));
    this.#routed = router.picker(candidates, make, this.#env, this.#picker, out);
    return this.#routed;
  }

  #schedule(): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { health } of this.#ejected) {
      if (health.ejection && !health.probing) dueMs = Math.min(dueMs, health.ejection.dueMs);
    }
    this.#dueMs = dueMs;
  }

  #emit(name: string, { endpoint }: Node<Req, Res>, data: Readonly<Record<string, unknown>>): void {
    const { path, events } = this.#env;
    events.emit(name, { path, service: this.#service, endpoint: endpoint.id, url: endpoint.url, ...data });
  }
}

function isOut<Req, Res>({ endpoint, health }: Node<Req, Res>): boolean {
  return endpoint.instance.status !== 'UP' || health.ejection !== undefined;
}
