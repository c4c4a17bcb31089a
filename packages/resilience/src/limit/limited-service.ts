/**
 * Enforcement, apart from how the limit is found: who gets a place, who waits, who is refused, and what is told to the
 * controller. A call passes in this order: its partition's guarantee, shedding by priority, a free place, the line.
 */
import {
  type CallContext,
  callSafely,
  concernsCallee,
  currentOf,
  type Env,
  emitInCall,
  follow,
  type Priority,
  priorityKey,
  type Service,
  type Status,
  type Verdict,
  verdicts,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { KeyError } from '../layer/key-error.js';
import { joinBoth, type Waiter } from '../queue/wait-queue.js';
import { type TurnOwner, waitTurn } from '../queue/wait-turn.js';
import { watchOptions } from '../queue/watch-options.js';
import type { AdaptiveLimitOptions } from './adaptive-limit-options.js';
import { type LimitChange, LimitController } from './limit-controller.js';
import { LimitExceededError, type LimitReason } from './limit-exceeded-error.js';
import type { LimitHandle, LimitSnapshot } from './limit-handle.js';
import { type LimitSeries, limitSeries } from './limit-series.js';
import type { LimitStrategy } from './limit-strategy.js';
import { LimitedCall, type LimitOwner } from './limited-call.js';
import { LoopLag } from './loop-lag.js';
import { isGuaranteed, type Partition, Partitions } from './partitions.js';
import { PriorityQueue } from './priority-queue.js';
import { levelOf, PriorityShedding, priorities } from './priority-shedding.js';
import { QueueDelay } from './queue-delay.js';

/** Lets calls through up to the limit that its controller finds. */
export class LimitedService<Req, Res> implements LimitOwner<Req, Res>, Service<Req, Res>, LimitHandle {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: AdaptiveLimitOptions;
  readonly #controller: LimitController;
  readonly #partitions: Partitions | undefined;
  readonly #shedding = new PriorityShedding();
  readonly #queue = new PriorityQueue();
  readonly #delay: QueueDelay;
  readonly #turns: TurnOwner;
  readonly #series: LimitSeries;
  /** Measures the event loop; undefined when the options say how late it is. */
  readonly #loop: LoopLag | undefined;
  readonly #rejected = priorities.map(() => 0);
  #calls = 0;
  #admitted = 0;
  #inFlight = 0;
  /** Of the bounds, while somebody waits: they may be raised although nobody leaves. */
  #watch: Disposable | undefined;

  constructor(next: Service<Req, Res>, env: Env, options: AdaptiveLimitOptions, strategy: LimitStrategy) {
    this.#next = next;
    this.#env = env;
    this.#options = options;
    this.#loop = options.lag ? undefined : new LoopLag(env.clock);
    this.#controller = new LimitController(strategy, options, () => this.#lagMs());
    this.#partitions = options.partitions && new Partitions(options.partitions);
    this.#delay = new QueueDelay(options);
    const series = limitSeries(env);
    this.#series = series;
    this.#turns = { clock: env.clock, expiry: new Expiry(env), left: () => this.#left() };
    series.limit.set(this.#controller.limit);
  }

  get path(): string {
    return this.#env.path;
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    let partition: Partition | undefined;
    try {
      partition = this.#partitions?.of(request);
    } catch (error) {
      return Promise.reject(new KeyError(nameOf(context, this.#env), error, 'partitionOf'));
    }
    const nowMs = this.#env.clock.now();
    const level = levelOf(context.get(priorityKey));
    this.#calls++;
    this.#shedding.arrived(level, nowMs);
    const { limit } = this.#controller;
    if (partition && isGuaranteed(partition, limit) && partition.queue.yieldsTo(level)) {
      return this.#enter(request, context, partition, nowMs);
    }
    if (this.#shedding.sheds(level, this.#inFlight / limit, this.#env.random)) {
      return Promise.reject(this.#refused(context, level, 'shed'));
    }
    if (this.#hasPlace(level) && this.#queue.yieldsTo(level)) {
      return this.#enter(request, context, partition, nowMs);
    }
    if (this.#mayWait(level)) return this.#wait(request, context, level, partition, nowMs);
    this.#shedding.refused();
    return Promise.reject(this.#refused(context, level, 'limit'));
  }

  /** A balancer goes elsewhere while nobody more would be let in, not even to wait, and while some are held back already. */
  status(request?: Req): Status {
    const status = this.#next.status(request);
    const { limit } = this.#controller;
    const full = this.#inFlight >= limit && this.#queue.length >= currentOf(this.#options.maxQueue);
    return (full || this.#shedding.isShedding(this.#inFlight / limit)) && status === 'ready' ? 'busy' : status;
  }

  snapshot(): LimitSnapshot {
    const [critical = 0, usual = 0, sheddable = 0, least = 0] = this.#rejected;
    const queued = this.#queue.length;
    return {
      path: this.path,
      algorithm: this.#options.algorithm,
      limit: this.#controller.limit,
      inFlight: this.#inFlight,
      queued,
      calls: this.#calls,
      admitted: this.#admitted,
      gaveUp: this.#calls - this.#admitted - critical - usual - sheddable - least - queued,
      rejected: { critical, default: usual, sheddable, background: least },
      shedRatio: this.#shedding.share,
      frozenWindows: this.#controller.frozenWindows,
    };
  }

  #hasPlace(level: number): boolean {
    const { limit } = this.#controller;
    return this.#inFlight < limit - this.#shedding.reserve(level, limit);
  }

  #take(partition: Partition | undefined): void {
    this.#inFlight++;
    if (partition) partition.inFlight++;
    this.#admitted++;
    this.#series.inFlight.add(1);
  }

  #enter(request: Req, context: CallContext, partition: Partition | undefined, nowMs: number): Promise<Res> {
    this.#take(partition);
    return this.#run(request, context, partition, nowMs);
  }

  /** The place is taken before the promise resolves, so nobody can slip in before the call goes on. */
  #wait(
    request: Req,
    context: CallContext,
    level: number,
    partition: Partition | undefined,
    sinceMs: number,
  ): Promise<Res> {
    const line = { join: (waiter: Waiter) => this.#lineUp({ ...waiter, sinceMs }, level, partition) };
    this.#delay.joined(level, sinceMs);
    const maxWaitMs = this.#delay.maxWaitMs(level, sinceMs);
    const turn = waitTurn(
      line,
      context,
      this.#turns,
      maxWaitMs === undefined ? undefined : { maxWaitMs, error: () => this.#waited(level, context) },
    );
    this.#series.queued.add(1);
    this.#watch ??= watchOptions([this.#options.minLimit, this.#options.maxLimit], () => this.#letIn());
    return turn.then(() => this.#run(request, context, partition, this.#env.clock.now()));
  }

  /** Stands in the line of all and in that of its partition; whichever lets it in or refuses it, it leaves the other. */
  #lineUp(waiter: Waiter, level: number, partition: Partition | undefined): () => void {
    const taking: Waiter = {
      ...waiter,
      enter: () => {
        this.#take(partition);
        waiter.enter();
      },
    };
    const all = this.#queue.line(level);
    return partition ? joinBoth(all, partition.queue.line(level), taking) : all.join(taking);
  }

  #mayWait(level: number): boolean {
    const maxQueue = currentOf(this.#options.maxQueue);
    if (maxQueue === 0) return false;
    if (this.#queue.length < maxQueue) return true;
    const displaced = this.#queue.displace(level, (lowest, context) => this.#refused(context, lowest, 'displaced'));
    if (displaced) this.#shedding.refused();
    return displaced;
  }

  /** Calls with a place that is taken already. */
  #run(request: Req, context: CallContext, partition: Partition | undefined, startMs: number): Promise<Res> {
    // With less in flight nothing is learnt, so nothing need be measured.
    if (this.#loop && this.#inFlight >= this.#controller.limit / 2) this.#loop.probe(startMs);
    const leave = partition ? () => this.#leavePartition(partition) : this.#leave;
    const call = new LimitedCall<Req, Res>(this, request, context, startMs, leave);
    return follow(callSafely(this.#next, request, context), call);
  }

  answered(value: Res, request: Req, context: CallContext, startMs: number): void {
    this.#learn(startMs, judgeCallResult(this.#env, value, context, request), false);
  }

  failed(error: unknown, request: Req, context: CallContext, startMs: number): void {
    const judged = judgeCallError(this.#env, error, context, request);
    const verdict = concernsCallee(judged) ? judged : verdicts.ignored;
    // The total time of a call that ran out shows as a cancellation.
    this.#learn(startMs, verdict, verdict.outcome === 'failure' && (context.cancelled || judged.timedOut === true));
  }

  /** Successes are timed; the callee's refusals for overload and time-outs are counted; other endings tell nothing. */
  #learn(startMs: number, verdict: Verdict, timedOut: boolean): void {
    if (verdict.outcome === 'success') {
      const nowMs = this.#env.clock.now();
      this.#changed(this.#controller.answered(nowMs - startMs, this.#inFlight, nowMs));
    } else if (verdict.overloaded || timedOut) {
      this.#changed(this.#controller.dropped(this.#inFlight, this.#env.clock.now()));
    }
  }

  #leavePartition(partition: Partition): void {
    partition.inFlight--;
    this.#leave();
  }

  /** Passes the place on without letting go of it in between; several may enter when the limit has risen. */
  readonly #leave = (): void => {
    this.#inFlight--;
    this.#series.inFlight.add(-1);
    if (this.#inFlight === 0) this.#loop?.stop();
    this.#letIn();
  };

  /** First those whom their partition's share is due, then whoever is most important, as far as there are places. */
  #letIn(): void {
    if (this.#queue.length === 0) return;
    const nowMs = this.#env.clock.now();
    const newestFirst = (level: number) => this.#delay.stands(level, nowMs);
    for (let level = 0; level < priorities.length; level++) {
      if (!newestFirst(level)) continue;
      const longestMs = currentOf(this.#options.newestFirstWaitMs);
      this.#queue.refuseOlder(level, nowMs - longestMs, (context) => this.#waited(level, context));
    }
    for (const partition of this.#partitions?.all ?? []) {
      while (isGuaranteed(partition, this.#controller.limit) && partition.queue.letIn(newestFirst));
    }
    for (let level = this.#queue.highest; level !== undefined; level = this.#queue.highest) {
      if (!this.#hasPlace(level)) return;
      this.#queue.letIn(newestFirst);
    }
  }

  /** The call has waited in line as long as calls may: it found no place. */
  #waited(level: number, context: CallContext): LimitExceededError {
    this.#shedding.refused();
    return this.#refused(context, level, 'waited');
  }

  #left(): void {
    this.#series.queued.add(-1);
    for (let level = 0; level < priorities.length; level++) {
      if (this.#queue.line(level).length === 0) this.#delay.emptied(level);
    }
    if (this.#queue.length > 0) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  #changed(change: LimitChange | undefined): void {
    if (change === undefined) return;
    this.#series.limit.set(change.to);
    this.#env.events.emit('limit.changed', { path: this.path, algorithm: this.#options.algorithm, ...change });
  }

  #refused(context: CallContext, level: number, reason: LimitReason): LimitExceededError {
    const refusal = {
      limit: this.#controller.limit,
      inFlight: this.#inFlight,
      priority: priorities[level] as Priority,
      reason,
    };
    this.#rejected[level]!++;
    this.#series.rejected[level]?.add();
    emitInCall(this.#env.events, context, 'limit.rejected', { path: this.path, ...refusal });
    return new LimitExceededError(nameOf(context, this.#env), refusal);
  }

  /** A lag that cannot be told is taken for a great one: from times that may be wrong nothing is learnt. */
  #lagMs(): number {
    if (this.#loop) return this.#loop.take();
    try {
      const lagMs = this.#options.lag?.() ?? Number.NaN;
      return lagMs >= 0 ? lagMs : Number.POSITIVE_INFINITY;
    } catch (error) {
      this.#env.logger.error({ err: error, path: this.path }, 'the lag function threw; the limit stays as it is');
      return Number.POSITIVE_INFINITY;
    }
  }
}
