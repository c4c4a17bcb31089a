/**
 * Chooses, for every attempt, which of a service's endpoints is asked, and learns from how it went.
 *
 * State: per endpoint a connection and the layers in front of it (breaker, limits), load, failures and ejection; all of it
 * is this stack's own, lives as long as the endpoint is a member, and ends when its last call is over. The list is compared
 * on each call, so a change is seen by the very next one; what endpoints own is let go of when they leave, calls or not.
 * Place: inside retry and hedging, so that each attempt chooses anew; outside whatever belongs to one endpoint.
 * Cancellation is passed to the endpoint's stack; a call that its caller gave up counts neither as success nor failure, but
 * an endpoint is never thought faster than the time somebody waited in vain.
 */
import {
  type AnswerEnd,
  addTried,
  type CallContext,
  callSafely,
  currentOf,
  type Env,
  follow,
  isLasting,
  isLive,
  isOwnDoing,
  judgeError,
  judgeResult,
  type Layer,
  type Live,
  lasts,
  markSelfLimiting,
  note,
  operationKey,
  type Service,
  type Status,
  tellTried,
  triedKey,
  type Verdict,
} from '@fwk/kernel';
import { NoEndpointError } from '../errors.js';
import { type Endpoint, endpointChoiceKey } from '../membership/endpoint.js';
import { type BalancerReport, type EndpointReport, monitorOf } from '../membership/monitor.js';
import { suspect } from '../membership/suspect.js';
import { checkEjection, type EjectionOptions } from '../outlier/ejection-options.js';
import { p2c } from '../pick/p2c.js';
import { Undecided } from '../pick/undecided.js';
import { type BalanceOptions, checkBalance, innerOf } from './balance-options.js';
import { type Chosen, uncounted } from './chosen.js';
import { decided } from './decided.js';
import { type EndpointService, endpointService } from './endpoint-service.js';
import { explainBalancer, explainEndpoints } from './explain.js';
import { failureOf } from './failure.js';
import { Node } from './node.js';
import { PickCounts } from './pick-counts.js';
import type { Picked } from './pick-rules.js';
import { PickSet } from './pick-set.js';
import { type CallOwner, SentCall } from './sent-call.js';
import { whyNone } from './why-none.js';

/** A balanced service. Disposing of it ends with the last call under way, when all endpoints' stacks and connections are gone. */
export interface BalancedService<Req, Res> extends Service<Req, Res>, AsyncDisposable {
  /**
   * Chooses an endpoint as for a call, for clients that place calls by themselves. What a choice that takes time would choose
   * without asking counts as chosen.
   * @throws NoEndpointError `FWK_DISCOVERY_NO_ENDPOINT`; it does not wait for the first list.
   */
  choose(request: Req, context: CallContext): Chosen<Res>;
  /** What it knows of each endpoint. */
  report(): readonly EndpointReport[];
}

/** The balancing layer; what it builds can be disposed. */
export interface BalanceLayer<Req, Res> extends Layer<Req, Res> {
  wrap(next: Service<Req, Res>, env: Env): BalancedService<Req, Res>;
}

/**
 * Makes the balancing layer. Whoever wants to know which endpoint was chosen finds it by `context.get(endpointKey)`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example stack<Request, Response>().use(balance({ service: 'inventory', endpoints, connect: ({ url }) => pool(url) })).into(closed);
 */
export function balance<Req, Res>(options: BalanceOptions<Req, Res>): BalanceLayer<Req, Res> {
  const settings = checkBalance(options);
  const { service, balancer = p2c() } = settings;
  return {
    role: 'balance',
    describe: () => ({ service, balancer: currentOf(balancer).role, ...currentOf(balancer).describe?.() }),
    inner: () => innerOf(settings),
    wrap: (next, env) => new Balanced(next, env, { ...settings, balancer }),
  };
}

/** With the default balancer where none was chosen. */
type ChosenOptions<Req, Res> = BalanceOptions<Req, Res> & Required<Pick<BalanceOptions<Req, Res>, 'balancer'>>;

function ejectionOf(given: Partial<EjectionOptions> | false | undefined): EjectionOptions | undefined {
  return given === false ? undefined : checkEjection(given);
}

class Balanced<Req, Res> implements BalancedService<Req, Res>, CallOwner<Req, Res> {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: ChosenOptions<Req, Res>;
  readonly #set: PickSet<Req, Res>;
  readonly #monitored: Disposable | undefined;
  readonly #followed: Disposable[] = [];
  readonly #leaving = new Set<Promise<void>>();
  readonly #counts = new PickCounts();
  #seen: readonly Endpoint[] | undefined;
  #following = false;
  #closed = false;

  constructor(next: Service<Req, Res>, env: Env, options: ChosenOptions<Req, Res>) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    const { service, endpoints, balancer, ejection, routing } = options;
    this.#set = new PickSet(service, env, {
      balancer: this.#currentOf(balancer, (now) => this.#set.balanceBy(now)),
      ejection: ejectionOf(this.#currentOf(ejection, (now) => this.#set.ejectBy(ejectionOf(now)))),
      router: this.#currentOf(routing, (now) => this.#set.routeBy(now)),
    });
    if (options.endsInTime) markSelfLimiting(this);
    this.#monitored = monitorOf(endpoints)?.add(() => this.#explain());
    // An endpoint that has left keeps nothing, though nobody calls.
    if (options.connect || options.endpoint) {
      this.#currentOf(endpoints, () => {
        if (this.#seen) this.#follow();
      });
    }
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#closed) return this.#afterClose(request, context);
    this.#follow();
    const nowMs = this.#env.clock.now();
    const node = this.#pick(nowMs, request, context);
    if (!node) return this.#withoutEndpoint(request, context);
    return this.#send(node, request, context, nowMs);
  }

  /** Ready when any endpoint is; usually the first asked is one. */
  status(request?: Req): Status {
    if (this.#closed) return 'closed';
    this.#follow();
    let worst: Status | undefined;
    for (const node of this.#set.nodes) {
      if (!node.up) continue;
      const status = node.use(request);
      if (status === 'ready') return status;
      if (worst !== 'busy') worst = status;
    }
    return worst ?? (this.#options.connect ? 'ready' : this.#next.status(request));
  }

  report(): readonly EndpointReport[] {
    this.#follow();
    return explainEndpoints(this.#options.service, this.#set, this.#counts, this.#env.clock.now());
  }

  #explain(): BalancerReport {
    const { service, balancer } = this.#options;
    return explainBalancer({ service, path: this.#env.path, balancer: currentOf(balancer) }, this.#set, this.report());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#monitored?.[Symbol.dispose]();
    for (const followed of this.#followed) followed[Symbol.dispose]();
    for (const node of this.#set.update([], (endpoint) => this.#nodeFor(endpoint))) this.#remove(node);
    await Promise.all(this.#leaving);
  }

  choose(request: Req, context: CallContext): Chosen<Res> {
    this.#follow();
    const picked = this.#set.choose(this.#env.clock.now(), request, context);
    if (!picked) throw this.#noEndpoint(context);
    return {
      endpoint: picked.endpoint,
      begin: () => {
        if (picked.removed) return uncounted;
        const nowMs = this.#env.clock.now();
        this.#set.begins(picked, nowMs);
        this.#counted(picked, nowMs);
        return new SentCall(this, picked, nowMs, request, context);
      },
    };
  }

  #pick(nowMs: number, request: Req, context: CallContext): Picked<Req, Res> | undefined {
    const choice = context.get(endpointChoiceKey);
    if (!choice) return this.#set.pick(nowMs, request, context);
    const kept = choice.keep && choice.last ? this.#set.nodeOf(choice.last) : undefined;
    const node = kept ?? this.#set.pick(nowMs, request, context);
    choice.last = node?.endpoint;
    return node;
  }

  #send(node: Picked<Req, Res>, request: Req, context: CallContext, startMs: number): Promise<Res> {
    if (node instanceof Undecided) return this.#sendLater(node, request, context);
    this.#counted(node, startMs);
    if (node.service === undefined) node.use(request);
    const inner = context.with(node.change);
    note(context, 'endpoint', node.endpoint.id);
    return follow(
      callSafely(node.service as Service<Req, Res>, request, inner),
      new SentCall(this, node, startMs, request, inner),
    );
  }

  #counted(node: Node<Req, Res>, startMs: number): void {
    node.inFlight++;
    this.#counts.add(node.slot, startMs);
  }

  async #sendLater(undecided: Undecided, request: Req, context: CallContext): Promise<Res> {
    const node = (await decided(undecided, context)) as Node<Req, Res>;
    if (node.removed || this.#closed) return this.call(request, context);
    return this.#send(node, request, context, this.#env.clock.now());
  }

  answered(call: SentCall<Req, Res>, result: Res): void {
    const { node, startMs, request, context } = call;
    // An answer that goes on is under way until it has ended.
    const goesOn = isLasting(result);
    if (!goesOn) node.inFlight--;
    this.#judge(node, startMs, judgeResult(this.#env, result, context, request), result, context);
    if (goesOn) lasts(result, (end) => this.#lasted(call, end));
    else node.callEnded();
  }

  failed({ node, startMs, request, context }: SentCall<Req, Res>, error: unknown): void {
    node.inFlight--;
    this.#judge(node, startMs, judgeError(this.#env, error, context, request), error, context);
    node.callEnded();
  }

  abandoned({ node, startMs, context }: SentCall<Req, Res>): void {
    node.inFlight--;
    this.#givenUp(node, startMs, this.#env.clock.now(), context.get(operationKey));
    node.callEnded();
  }

  #givenUp(node: Node<Req, Res>, startMs: number, nowMs: number, operation: string): void {
    node.meter.abandoned(nowMs, nowMs - startMs, node);
    this.#set.abandoned(node, operation, startMs, nowMs);
  }

  /** An answer that went on has ended. How it began has been counted; that it failed later counts as well. */
  #lasted({ node, request, context }: SentCall<Req, Res>, end: AnswerEnd): void {
    node.inFlight--;
    const judged = end && judgeError(this.#env, end.error, context, request);
    // Its own time: since it began the endpoint may have been ejected and readmitted.
    if (judged?.outcome === 'failure') this.#judge(node, this.#env.clock.now(), judged, end?.error, context);
    node.callEnded();
  }

  #judge(node: Node<Req, Res>, startMs: number, judged: Verdict, ending: unknown, context: CallContext): void {
    const nowMs = this.#env.clock.now();
    const { outcome, retryAfterMs = 0 } = judged;
    const operation = context.get(operationKey);
    if (outcome === 'failure') this.#tellTried(node, ending, context);
    if (isOwnDoing(judged)) this.#set.release(node, startMs);
    else if (outcome === 'failure') {
      node.meter.failed(nowMs, retryAfterMs, node);
      const failure = failureOf(ending, judged, operation);
      this.#set.failed(node, failure, startMs, nowMs);
      if (failure.rule === 'connection-failed' || node.health.ejection) suspect(this.#options.endpoints, node.endpoint);
    } else if (outcome === 'ignored' && context.cancelled) this.#givenUp(node, startMs, nowMs, operation);
    else {
      // It answered, though perhaps not what the caller wanted to hear: a 404 is a sign of life.
      node.meter.succeeded(nowMs, nowMs - startMs, node);
      this.#set.answered(node, operation, startMs, nowMs);
    }
  }

  /** Whoever tries again will go elsewhere. */
  #tellTried({ endpoint }: Node<Req, Res>, ending: unknown, context: CallContext): void {
    const tried = context.get(triedKey) ?? [];
    addTried(tried, endpoint);
    tellTried(ending, tried);
  }

  /** Takes over the list if it is another one than last time. */
  #follow(): void {
    const endpoints = this.#options.endpoints.value;
    // What makes a connection may change the list. That one is taken over by the next call: first this one is done.
    if (endpoints === this.#seen || this.#closed || this.#following) return;
    this.#seen = endpoints;
    this.#following = true;
    try {
      const removed = this.#set.update(endpoints, (endpoint) => this.#nodeFor(endpoint));
      for (const node of removed) this.#remove(node);
    } finally {
      this.#following = false;
    }
  }

  readonly #serviceOf = (node: Node<Req, Res>): EndpointService<Req, Res> => {
    const following = this.#following;
    this.#following = true;
    try {
      return endpointService(node.endpoint, this.#options, this.#next, this.#env, (...said) =>
        this.#set.reported(node, ...said),
      );
    } finally {
      this.#following = following;
    }
  };

  #nodeFor(endpoint: Endpoint): Node<Req, Res> {
    const node = new Node(endpoint, this.#serviceOf, this.#set.measures(), this.#set);
    node.slot = this.#counts.open();
    // Where all endpoints share the service inside there is nothing to make.
    if (!this.#options.connect && !this.#options.endpoint) node.use();
    return node;
  }

  /** What an option is now; each change of a live one is handed on until this is disposed of. */
  #currentOf<T>(option: T | Live<T>, changed: (now: T) => void): T {
    if (isLive(option)) this.#followed.push((option as Live<T>).subscribe(changed));
    return currentOf(option);
  }

  #remove(node: Node<Req, Res>): void {
    this.#counts.close(node.slot);
    const left = node.leave().finally(() => {
      this.#leaving.delete(left);
      this.#set.forget(node);
    });
    this.#leaving.add(left);
  }

  /** With `connect` the service inside is there to refuse such calls; without, it would have no endpoint to send them to. */
  #afterClose(request: Req, context: CallContext): Promise<Res> {
    return this.#options.connect ? this.#next.call(request, context) : this.#withoutEndpoint(request, context);
  }

  async #withoutEndpoint(request: Req, context: CallContext): Promise<Res> {
    const { endpoints, settled } = this.#options;
    if (settled && endpoints.value.length === 0 && !this.#closed) {
      await settled(context);
      if (context.cancelled) throw context.reason;
      if (this.#closed) return this.#afterClose(request, context);
      this.#follow();
      const nowMs = this.#env.clock.now();
      const node = this.#pick(nowMs, request, context);
      if (node) return this.#send(node, request, context, nowMs);
    }
    throw this.#noEndpoint(context);
  }

  #noEndpoint(context: CallContext): NoEndpointError {
    const { endpoints, service } = this.#options;
    const why = whyNone(endpoints.value, (endpoint) => {
      const node = endpoint.instance.status === 'UP' ? this.#set.nodeOf(endpoint) : undefined;
      return node && this.#set.leftOut(node, context);
    });
    return new NoEndpointError(service, { known: endpoints.value.length, ...why, stale: endpoints.stale?.reason });
  }
}
