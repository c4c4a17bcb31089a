/**
 * Bounds how many calls run at once, so that one slow callee cannot take all memory, sockets and patience of its caller.
 *
 * State: the places and the queue, one set a stack. Place: inside the breaker (a refused call needs no place) and outside
 * the attempt timeout (waiting is not the attempt's time; `maxWaitMs` and the deadline bound it). A waiting call leaves at
 * once when its caller cancels or its deadline passes. The place of a function that was given up but runs on stays taken until it ends:
 * otherwise time-outs would let more run at once than allowed.
 */
import {
  type CallContext,
  type Counter,
  callable,
  callSafely,
  checkOptions,
  currentOf,
  type Env,
  emitInCall,
  follow,
  type Gauge,
  integerIn,
  type Live,
  millisecondsIn,
  optional,
  type Service,
  type Status,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { AttemptOver } from '../layer/attempt-over.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { resilienceMetrics } from '../metrics.js';
import { WaitQueue } from '../queue/wait-queue.js';
import { type TurnOwner, waitTurn } from '../queue/wait-turn.js';
import { watchOptions } from '../queue/watch-options.js';
import { BulkheadFullError } from './bulkhead-full-error.js';
import type { BulkheadHandle, BulkheadSnapshot } from './bulkhead-handle.js';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions {
  /** Calls that may run at once, 1 to 100 000. @defaultValue 25 */
  readonly maxConcurrent: number | Live<number>;
  /** Calls that may wait for a place, 0 to 100 000; 0 refuses at once. @defaultValue 0 */
  readonly maxQueue: number | Live<number>;
  /**
   * How long a call waits for a place at most, 1 ms or more; `Infinity` lets its deadline decide. A call that waits already
   * keeps the time with which it began. @defaultValue Infinity
   */
  readonly maxWaitMs: number | Live<number>;
  /** Called with each bulkhead when a stack is built. @defaultValue undefined */
  readonly onBuilt: ((bulkhead: BulkheadHandle) => void) | undefined;
}

/** Defaults of {@link bulkhead}. */
export const bulkheadDefaults = Object.freeze({
  maxConcurrent: 25,
  maxQueue: 0,
  maxWaitMs: Number.POSITIVE_INFINITY,
  onBuilt: undefined,
}) satisfies BulkheadOptions;

/** Rules of {@link BulkheadOptions}. */
export const bulkheadRules = Object.freeze({
  maxConcurrent: integerIn(1, 100_000),
  maxQueue: integerIn(0, 100_000),
  maxWaitMs: millisecondsIn(1, Number.POSITIVE_INFINITY),
  onBuilt: optional(callable),
});

/** The bulkhead as a layer, with a view of what was built from it last. */
export interface BulkheadLayer extends FunctionLayer {
  /** The bulkhead of the stack built last; undefined before any was built. `onBuilt` tells of all. */
  readonly latest: BulkheadHandle | undefined;
}

/**
 * Makes the bulkhead layer. Each `wrap` has places of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = bulkhead({ maxConcurrent: 10, maxQueue: 20 }).wrap(fetchQuote); // rejects with BulkheadFullError
 */
export function bulkhead(options?: Partial<BulkheadOptions>): BulkheadLayer {
  const settings = checkOptions<BulkheadOptions>('bulkhead', options, bulkheadDefaults, bulkheadRules);
  let latest: BulkheadHandle | undefined;
  const layer = functionLayer({
    role: 'bulkhead',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      maxConcurrent: currentOf(settings.maxConcurrent),
      maxQueue: currentOf(settings.maxQueue),
      ...(Number.isFinite(currentOf(settings.maxWaitMs)) ? { maxWaitMs: currentOf(settings.maxWaitMs) } : {}),
    }),
    build<Req, Res>(next: Service<Req, Res>, env: Env): Service<Req, Res> {
      const built = new BulkheadService(next, env, settings);
      latest = built;
      settings.onBuilt?.(built);
      return built;
    },
  });
  return {
    ...layer,
    get latest() {
      return latest;
    },
  };
}

class BulkheadService<Req, Res> implements Service<Req, Res>, BulkheadHandle {
  readonly path: string;
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #options: BulkheadOptions;
  readonly #turns: TurnOwner;
  readonly #queue = new WaitQueue();
  readonly #rejected: Counter;
  readonly #inFlight: Gauge;
  readonly #queued: Gauge;
  #running = 0;
  /** Of the limit, while somebody waits: it may be raised although nobody leaves. */
  #watch: Disposable | undefined;

  constructor(next: Service<Req, Res>, env: Env, options: BulkheadOptions) {
    this.path = env.path;
    this.#next = next;
    this.#env = env;
    this.#options = options;
    const labels = { path: env.path };
    const { metrics } = env;
    this.#rejected = metrics.counter(resilienceMetrics['resilience.bulkhead.rejected'], labels);
    this.#inFlight = metrics.gauge(resilienceMetrics['resilience.bulkhead.in_flight'], labels);
    this.#queued = metrics.gauge(resilienceMetrics['resilience.bulkhead.queued'], labels);
    this.#turns = { clock: env.clock, expiry: new Expiry(env), left: () => this.#left() };
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (this.#queue.length === 0 && this.#hasPlace()) {
      this.#take();
      return this.#run(request, context);
    }
    if (this.#queue.length < currentOf(this.#options.maxQueue)) return this.#wait(request, context);
    return Promise.reject(this.#refused(context));
  }

  /** A balancer goes elsewhere while nobody more would be let in, not even to wait. */
  status(request?: Req): Status {
    const status = this.#next.status(request);
    const full =
      this.#running >= currentOf(this.#options.maxConcurrent) &&
      this.#queue.length >= currentOf(this.#options.maxQueue);
    return full && status === 'ready' ? 'busy' : status;
  }

  snapshot(): BulkheadSnapshot {
    const maxConcurrent = currentOf(this.#options.maxConcurrent);
    return {
      path: this.path,
      ...(this.#env.endpoint === undefined ? {} : { endpoint: this.#env.endpoint }),
      maxConcurrent,
      maxQueue: currentOf(this.#options.maxQueue),
      inUse: this.#running,
      free: Math.max(0, maxConcurrent - this.#running),
      queued: this.#queue.length,
    };
  }

  /** Calls with a place that is taken already. */
  #run(request: Req, context: CallContext): Promise<Res> {
    const over = new AttemptOver<Res>(request, this.#release);
    return follow(callSafely(this.#next, request, context), over);
  }

  /** Passes the place on without letting go of it in between: nobody can slip in before whoever has waited longest. */
  readonly #release = (): void => {
    this.#running--;
    this.#inFlight.add(-1);
    this.#letIn();
  };

  /** More than one may enter when the limit has been raised meanwhile. */
  #letIn(): void {
    while (this.#hasPlace()) {
      const waiter = this.#queue.shift();
      if (!waiter) return;
      this.#take();
      waiter.enter();
    }
  }

  #hasPlace(): boolean {
    return this.#running < currentOf(this.#options.maxConcurrent);
  }

  #take(): void {
    this.#running++;
    this.#inFlight.add(1);
  }

  /** The place is taken before the promise resolves, so nobody can slip in before the call goes on. */
  #wait(request: Req, context: CallContext): Promise<Res> {
    const maxWaitMs = currentOf(this.#options.maxWaitMs);
    const turn = waitTurn(this.#queue, context, this.#turns, {
      maxWaitMs,
      error: () => this.#refused(context, maxWaitMs),
    });
    this.#queued.add(1);
    this.#watch ??= watchOptions([this.#options.maxConcurrent], () => this.#letIn());
    return turn.then(() => this.#run(request, context));
  }

  #left(): void {
    this.#queued.add(-1);
    if (this.#queue.length > 0) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  #refused(context: CallContext, waitedMs?: number): BulkheadFullError {
    const maxConcurrent = currentOf(this.#options.maxConcurrent);
    const maxQueue = currentOf(this.#options.maxQueue);
    this.#rejected.add();
    emitInCall(this.#env.events, context, 'bulkhead.rejected', {
      path: this.#env.path,
      maxConcurrent,
      maxQueue,
      waitedMs,
    });
    return new BulkheadFullError(nameOf(context, this.#env), maxConcurrent, maxQueue, waitedMs);
  }
}
