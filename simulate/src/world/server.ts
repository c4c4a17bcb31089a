/**
 * A simulated server: so many workers, a queue before them, and work that takes time. It knows nothing of deadlines and
 * callers who left unless it is told to: work that nobody waits for any more is what keeps an overloaded server down.
 */
import { LoadGauge } from '@fwk/discovery';
import { type CallContext, FwkError, type Service, type Status } from '@fwk/kernel';
import type { Simulation } from '../engine/simulation.js';

/** How a server behaves; all but the stop at cancellation may change while it runs. */
export interface ServerOptions {
  /** Requests worked on at once. */
  readonly workers: number;
  /** Draws how long one takes, in milliseconds. */
  readonly serviceMs: (request: unknown) => number;
  /** Requests that may wait; more are refused. @defaultValue Infinity */
  readonly maxQueue?: number;
  /** Whether it drops a request whose context is cancelled. @defaultValue false */
  readonly stopsOnCancel?: boolean;
}

/** A server of the simulated world. */
export interface SimulatedServer extends Service<unknown, string> {
  workers: number;
  serviceMs: (request: unknown) => number;
  /** What it tells of its load. */
  readonly load: LoadGauge;
  /** While it is a number, every request fails after so many milliseconds, without a worker. */
  failsAfterMs: number | undefined;
  /** Draws whether a request fails, when its work is done. */
  fails: () => boolean;
  /** Called with each request that arrives. */
  onArrival: (nowMs: number) => void;
  /** Requests being worked on. */
  readonly working: number;
  /** Requests waiting, those included whose callers have left. */
  readonly waiting: number;
}

/** Makes a server. */
export function simulatedServer(simulation: Simulation, options: ServerOptions): SimulatedServer {
  return new Server(simulation, options);
}

class Server implements SimulatedServer {
  workers: number;
  serviceMs: (request: unknown) => number;
  readonly load: LoadGauge;
  failsAfterMs: number | undefined;
  fails: () => boolean = () => false;
  onArrival: (nowMs: number) => void = () => {};
  working = 0;
  readonly #simulation: Simulation;
  readonly #maxQueue: number;
  readonly #stopsOnCancel: boolean;
  /** First in, first out: taken from `#head` on, the space before it given back now and then. */
  #queue: Job[] = [];
  #head = 0;

  constructor(simulation: Simulation, options: ServerOptions) {
    this.#simulation = simulation;
    this.workers = options.workers;
    this.load = new LoadGauge(simulation.clock);
    this.serviceMs = options.serviceMs;
    this.#maxQueue = options.maxQueue ?? Number.POSITIVE_INFINITY;
    this.#stopsOnCancel = options.stopsOnCancel ?? false;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  call(request: unknown, context: CallContext): Promise<string> {
    const { clock } = this.#simulation;
    this.onArrival(clock.now());
    if (context.cancelled) return Promise.reject(context.reason);
    return new Promise((resolve, reject) => {
      // The caller's wait ends at once; whether the server hears of it is another matter.
      const subscription = context.onCancel(reject);
      const { load } = this;
      const fromMs = clock.now();
      const inFlight = load.begin();
      const job: Job = {
        request,
        context,
        end(error) {
          subscription[Symbol.dispose]();
          if (error) load.ended();
          else load.answered(clock.now() - fromMs, inFlight);
          if (error) reject(error);
          else resolve('answer');
        },
      };
      if (this.failsAfterMs !== undefined) clock.setTimer(() => job.end(new Error('broken')), this.failsAfterMs);
      else if (this.working < this.workers) this.#start(job);
      else if (this.waiting < this.#maxQueue) this.#queue.push(job);
      else job.end(new QueueFullError(this.#maxQueue));
    });
  }

  status(): Status {
    return 'ready';
  }

  #start(job: Job): void {
    this.working++;
    const { clock } = this.#simulation;
    const over = () => {
      this.working--;
      this.#startNext();
    };
    const timer = clock.setTimer(() => {
      stopping?.[Symbol.dispose]();
      job.end(this.fails() ? new Error('broken') : undefined);
      over();
    }, this.serviceMs(job.request));
    const stopping = this.#stopsOnCancel
      ? job.context.onCancel(() => {
          clock.clearTimer(timer);
          this.load.ended();
          over();
        })
      : undefined;
  }

  #startNext(): void {
    while (this.working < this.workers && this.waiting > 0) {
      const job = this.#queue[this.#head++] as Job;
      if (this.#head > 1000 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (!this.#stopsOnCancel || !job.context.cancelled) this.#start(job);
      else this.load.ended();
    }
  }
}

interface Job {
  readonly request: unknown;
  readonly context: CallContext;
  end(error?: unknown): void;
}

/** The server's queue was full; it has done nothing. */
class QueueFullError extends FwkError {
  constructor(maxQueue: number) {
    super('FWK_SIMULATE_QUEUE_FULL', `${maxQueue} requests wait already`, {
      traits: { retryable: true, overloaded: true, notProcessed: true },
    });
  }
}
