/**
 * Bounds how many calls run at once, so that one slow callee cannot take all memory, sockets and patience of its caller.
 *
 * State: the places and the queue, one set a stack. Place: inside the breaker (a refused call needs no place) and outside
 * the attempt timeout (waiting is not the attempt's time; the deadline bounds it). A waiting call leaves at once when its
 * caller cancels or its deadline passes. The place of a function that was given up but runs on stays taken until it ends:
 * otherwise time-outs would let more run at once than allowed.
 */
import {
  type CallContext,
  type Counter,
  checkOptions,
  currentOf,
  type Env,
  type Gauge,
  integerIn,
  type Live,
  type Service,
  type Status,
} from '@fwk/kernel';
import { Expiry, nameOf } from '../deadline/expiry.js';
import { beginAttempt, whenOver } from '../layer/call-frame.js';
import { callSafely } from '../layer/call-safely.js';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { observe } from '../layer/settlement.js';
import { WaitQueue } from '../queue/wait-queue.js';
import { type TurnOwner, waitTurn } from '../queue/wait-turn.js';
import { watchOptions } from '../queue/watch-options.js';
import { BulkheadFullError } from './bulkhead-full-error.js';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions {
  /** Calls that may run at once, 1 to 100 000. @defaultValue 25 */
  readonly maxConcurrent: number | Live<number>;
  /** Calls that may wait for a place, 0 to 100 000; 0 refuses at once. @defaultValue 0 */
  readonly maxQueue: number | Live<number>;
}

/** Defaults of {@link bulkhead}. */
export const bulkheadDefaults = Object.freeze({ maxConcurrent: 25, maxQueue: 0 }) satisfies BulkheadOptions;

/** Rules of {@link BulkheadOptions}. */
export const bulkheadRules = Object.freeze({
  maxConcurrent: integerIn(1, 100_000),
  maxQueue: integerIn(0, 100_000),
});

/**
 * Makes the bulkhead layer. Each `wrap` has places of its own.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = bulkhead({ maxConcurrent: 10, maxQueue: 20 }).wrap(fetchQuote); // rejects with BulkheadFullError
 */
export function bulkhead(options?: Partial<BulkheadOptions>): FunctionLayer {
  const settings = checkOptions<BulkheadOptions>('bulkhead', options, bulkheadDefaults, bulkheadRules);
  return functionLayer({
    role: 'bulkhead',
    limits: 'as-inner',
    describe: () => ({ maxConcurrent: currentOf(settings.maxConcurrent), maxQueue: currentOf(settings.maxQueue) }),
    build: (next, env) => new BulkheadService(next, env, settings),
  });
}

class BulkheadService<Req, Res> implements Service<Req, Res> {
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
    this.#next = next;
    this.#env = env;
    this.#options = options;
    const labels = { path: env.path };
    const { metrics } = env;
    this.#rejected = metrics.counter(
      { name: 'resilience.bulkhead.rejected', help: 'Calls refused for lack of a place.' },
      labels,
    );
    this.#inFlight = metrics.gauge({ name: 'resilience.bulkhead.in_flight', help: 'Places taken.' }, labels);
    this.#queued = metrics.gauge({ name: 'resilience.bulkhead.queued', help: 'Calls that wait for a place.' }, labels);
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

  /** Calls with a place that is taken already, and hands on the inner promise itself. */
  #run(request: Req, context: CallContext): Promise<Res> {
    const mark = beginAttempt(request);
    const work = callSafely(this.#next, request, context);
    const ended = () => whenOver(request, mark, this.#release);
    observe(work, ended, ended);
    return work;
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
    const turn = waitTurn(this.#queue, context, this.#turns);
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

  #refused(context: CallContext): BulkheadFullError {
    const maxConcurrent = currentOf(this.#options.maxConcurrent);
    const maxQueue = currentOf(this.#options.maxQueue);
    this.#rejected.add();
    this.#env.events.emit('bulkhead.rejected', { path: this.#env.path, maxConcurrent, maxQueue });
    return new BulkheadFullError(nameOf(context, this.#env), maxConcurrent, maxQueue);
  }
}
