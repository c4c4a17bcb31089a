/**
 * Which endpoints calls go to: those that are UP and not ejected, as an array that is made anew with each change, so that a
 * pick is an index into it. Who is ejected, and when something is due, is the outliers' to say; that time is compared with the
 * clock on each pick, so no timer is needed.
 *
 * At most half of the endpoints leave the array. Beyond that an ejected one stays in it as a last resort, marked
 * unavailable: when most endpoints seem dead, what this client sees is more likely wrong than that all of them are.
 */
import { addTried, type CallContext, type Env, type TriedCallees, triedKey } from '@fwk/kernel';
import { type CallRoute, routeKey } from '../membership/call-route.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { EjectionOptions } from '../outlier/ejection-options.js';
import type { Failure, HostSet } from '../outlier/host.js';
import { Outliers } from '../outlier/outliers.js';
import type { Balancer } from '../pick/balancer.js';
import { LoadTable } from '../pick/load-table.js';
import type { LeftOut, Router, Split } from '../pick/router.js';
import { Undecided } from '../pick/undecided.js';
import type { Node, NodeMeasures, NodeSet } from './node.js';
import type { Picked, PickRules } from './pick-rules.js';
import { Pickers } from './pickers.js';

/** The nodes of one balanced stack and the picker over the usable ones. */
export class PickSet<Req, Res> implements HostSet<Node<Req, Res>>, NodeSet {
  upCount = 0;
  readonly #env: Env;
  readonly #nodes = new Map<Endpoint, Node<Req, Res>>();
  /** The same in the order of the list, which is quicker to go through. */
  #inOrder: readonly Node<Req, Res>[] = [];
  readonly #outliers: Outliers<Node<Req, Res>>;
  readonly #table = new LoadTable();
  /** Whether any was ejected at the last change. */
  #someOut = false;
  /** Lists taken over so far. */
  #lists = 0;
  readonly #pickers: Pickers;
  #rules: PickRules;

  constructor(service: string, env: Env, rules: PickRules) {
    this.#env = env;
    this.#pickers = new Pickers(env);
    this.#rules = rules;
    this.#outliers = new Outliers(service, env, this, rules.ejection);
  }

  get nodes(): readonly Node<Req, Res>[] {
    return this.#inOrder;
  }

  get hosts(): readonly Node<Req, Res>[] {
    return this.#inOrder;
  }

  /** The node of a member. */
  nodeOf(endpoint: Endpoint): Node<Req, Res> | undefined {
    return this.#nodes.get(endpoint);
  }

  /** Takes over a new list: known endpoints keep their node, new ones get one, the rest are answered. */
  update(endpoints: readonly Endpoint[], make: (endpoint: Endpoint) => Node<Req, Res>): readonly Node<Req, Res>[] {
    const list = ++this.#lists;
    const before = this.#inOrder;
    const nowMs = this.#env.clock.now();
    // Slow start is for those that come later: nobody else could take the calls of the first.
    const areFirst = this.upCount === 0;
    const inOrder: Node<Req, Res>[] = [];
    let place = 0;
    for (const endpoint of endpoints) {
      // Most lists are the last one but for a few, so most nodes follow the one that was just found.
      const next = before[place];
      const node = next?.endpoint === endpoint ? next : (this.#nodes.get(endpoint) ?? make(endpoint));
      if (node.list === list) continue;
      if (node.list === 0) this.#nodes.set(endpoint, node);
      else place = node.place + 1;
      node.list = list;
      node.place = inOrder.length;
      inOrder.push(node);
      const { up } = node;
      if (up && !node.wasUp && !areFirst) this.#outliers.begins(node, nowMs);
      node.wasUp = up;
    }
    this.#inOrder = inOrder;
    const removed = this.#nodes.size === inOrder.length ? [] : before.filter((node) => node.list !== list);
    for (const node of removed) {
      this.#nodes.delete(node.endpoint);
      this.#outliers.removed(node);
    }
    this.changed();
    return removed;
  }

  /** What measures an endpoint that is new. */
  measures(): NodeMeasures {
    const row = this.#table.add();
    return { row, meter: this.#rules.balancer.meter(this.#env, undefined, row) };
  }

  /** Forgets what was measured of a node that has left, when its last call is over. */
  forget({ at }: Node<Req, Res>): void {
    this.#table.remove(at);
  }

  /** Takes another balancer; what is known of endpoints is carried on where it can be. */
  balanceBy(balancer: Balancer): void {
    this.#rules = { ...this.#rules, balancer };
    for (const node of this.#inOrder) node.meter = balancer.meter(this.#env, node.meter, node.row);
    this.changed();
  }

  /** Takes other rules of ejection; when nothing is to be ejected any more, all come back. */
  ejectBy(ejection: EjectionOptions | undefined): void {
    this.#rules = { ...this.#rules, ejection };
    this.#outliers.use(ejection);
    this.changed();
  }

  /** Takes another router. */
  routeBy(router: Router | undefined): void {
    this.#rules = { ...this.#rules, router };
    this.changed();
  }

  pick(nowMs: number, request: Req, context: CallContext): Picked<Req, Res> | undefined {
    const route = context.get(routeKey);
    const tried = context.get(triedKey);
    const node =
      route?.pin !== undefined || route?.avoid !== undefined
        ? this.#pickFor(route, tried, nowMs, request, context)
        : this.#pickOf(tried, nowMs, request, context);
    if (tried && node && !(node instanceof Undecided)) addTried(tried, node.endpoint);
    return node;
  }

  /** Like `pick`; whoever would be tried by the call is tried only when it begins. */
  choose(nowMs: number, request: Req, context: CallContext): Node<Req, Res> | undefined {
    const picked = this.#outliers.withoutTrial(nowMs, () => this.pick(nowMs, request, context));
    return picked instanceof Undecided ? this.#nodes.get(picked.endpoint) : picked;
  }

  /** A call begins at an endpoint that was chosen for it. */
  begins(node: Node<Req, Res>, nowMs: number): void {
    this.#outliers.tries(node, nowMs);
  }

  #pickOf(
    tried: TriedCallees | undefined,
    nowMs: number,
    request: Req,
    context: CallContext,
  ): Picked<Req, Res> | undefined {
    return tried === undefined
      ? this.#pickAny(nowMs, request, context)
      : this.#pickAnother(tried, nowMs, request, context);
  }

  #pickAny(nowMs: number, request: Req, context: CallContext): Picked<Req, Res> | undefined {
    if (nowMs >= this.#outliers.wakeMs) {
      const tried = this.#outliers.wake(nowMs, request, context);
      if (tried) return tried;
    }
    return this.#pickMade(nowMs, request, context);
  }

  /** One that has its service. Whoever turns out not to be ready when that is made is picked only when no other is. */
  #pickMade(nowMs: number, request: Req, context: CallContext): Picked<Req, Res> | undefined {
    for (;;) {
      const node = this.#pickers.pick(nowMs, request, context) as Picked<Req, Res> | undefined;
      if (node === undefined || node instanceof Undecided || node.service !== undefined) return node;
      if (node.use(request) === 'ready') return node;
    }
  }

  /** The pinned one if it is a member; otherwise none of those to be avoided, which count as unavailable meanwhile. */
  #pickFor(
    { pin, avoid = [] }: CallRoute,
    tried: TriedCallees | undefined,
    nowMs: number,
    request: Req,
    context: CallContext,
  ): Picked<Req, Res> | undefined {
    const avoided: Node<Req, Res>[] = [];
    for (const node of this.#inOrder) {
      if (node.endpoint.id === pin) return node;
      if (avoid.includes(node.endpoint.id)) avoided.push(node);
    }
    return this.#without(avoided, () => this.#pickOf(tried, nowMs, request, context));
  }

  /**
   * One where no other attempt of this call was or is; when none of those is available, any but the latest; when none is
   * either, any. It is not spent on an endpoint that is out: one attempt has already failed or is slow.
   */
  #pickAnother(tried: TriedCallees, nowMs: number, request: Req, context: CallContext): Picked<Req, Res> | undefined {
    const nodes = tried.flatMap((callee) => this.#nodes.get(callee as Endpoint) ?? []);
    const pick = () => this.#pickMade(nowMs, request, context);
    for (const avoided of nodes.length > 1 ? [nodes, nodes.slice(-1)] : [nodes]) {
      const node = this.#without(avoided, () => {
        const picked = pick();
        return picked?.available(request) ? picked : undefined;
      });
      if (node) return node;
    }
    return pick();
  }

  /** Picks while these count as unavailable. */
  #without<T>(avoided: readonly Node<Req, Res>[], pick: () => T): T {
    // Those that are avoided for another reason stay so.
    const added = avoided.filter((node) => !node.avoided);
    for (const node of added) node.avoided = true;
    try {
      return pick();
    } finally {
      for (const node of added) node.avoided = false;
    }
  }

  /** An endpoint said how busy it is; see `TakeReport`. */
  reported(node: Node<Req, Res>, inFlight: number, latencyMs: number, probed: boolean): void {
    const nowMs = this.#env.clock.now();
    if (!node.hear(nowMs, inFlight, latencyMs, probed)) return;
    this.#pickers.reported(nowMs, node);
  }

  /** Whether there are several endpoints and none is available for the request. */
  readonly isLastResort = (request: unknown): boolean => {
    if (this.upCount < 2) return false;
    for (const node of this.#inOrder) {
      if (!node.up || !node.available(request as Req)) continue;
      if (this.#pickers.admits(node, request)) return false;
    }
    return true;
  };

  /** Set while ejected ones stay as a last resort: the share that is ejected, and from which share on they stay. */
  get panic(): { readonly measured: number; readonly threshold: number } | undefined {
    let out = 0;
    for (const node of this.#inOrder) if (node.up && node.health.ejection) out++;
    const { mayLeave } = this.#outliers;
    return out === 0 || out <= mayLeave
      ? undefined
      : { measured: out / this.upCount, threshold: mayLeave / this.upCount };
  }

  /** How the router splits the traffic; undefined where it does not. */
  get split(): Split | undefined {
    return this.#pickers.split;
  }

  /** Why a member gets no calls now, by the router. @param context - of a call that says where it wants to go */
  leftOut(node: Node<Req, Res>, context?: CallContext): LeftOut | undefined {
    return this.#pickers.leftOut(node, context);
  }

  /** Whether a call may go to a member, ejected or not, for all that its layers, the call and the router say. */
  admits(node: Node<Req, Res>, request: Req, context: CallContext): boolean {
    if (node.avoided || !node.up || node.status(request) !== 'ready') return false;
    return this.#pickers.admits(node, request, context);
  }

  share(node: Node<Req, Res>, nowMs: number): number {
    return this.#outliers.share(node, nowMs);
  }

  answered(node: Node<Req, Res>, operation: string, startMs: number, nowMs: number): void {
    this.#outliers.answered(node, operation, startMs, nowMs);
  }

  failed(node: Node<Req, Res>, failure: Failure, startMs: number, nowMs: number): void {
    this.#outliers.failed(node, failure, startMs, nowMs);
  }

  /** The caller gave up. */
  abandoned(node: Node<Req, Res>, operation: string, startMs: number, nowMs: number): void {
    this.#outliers.abandoned(node, operation, startMs, nowMs);
  }

  /** A call ended without saying anything about the endpoint. */
  release(node: Node<Req, Res>, startMs: number): void {
    this.#outliers.release(node, startMs);
  }

  /** Makes the pickers anew over those that may be picked now. */
  changed(): void {
    const up: Node<Req, Res>[] = [];
    const { anyOut } = this.#outliers;
    const look = anyOut || this.#someOut;
    this.#someOut = anyOut;
    for (const node of this.#inOrder) {
      if (look) node.out = node.health.ejection !== undefined;
      if (node.up) up.push(node);
    }
    this.upCount = up.length;
    this.#outliers.rebuilt(this.#env.clock.now());
    let { mayLeave } = this.#outliers;
    const picked = anyOut ? up.filter(({ out }) => !out || mayLeave-- <= 0) : up;
    this.#pickers.renew(picked, this.#rules, () => new Set(this.#inOrder.filter(({ up, out }) => !up || out)));
  }
}
