import { type CallContext, callSafely, lastResortKey, type Service, type Status } from '@fwk/kernel';
import { observe } from '../layer/settlement.js';
import type { Breaker } from './breaker.js';

/** Of calls that are not to count. */
const NO_EPOCH = -1;

/** Asks a breaker before each call and tells it how the call ended. */
export class BreakerService<Req, Res> implements Service<Req, Res>, Disposable {
  readonly #next: Service<Req, Res>;
  readonly #breaker: Breaker;

  constructor(next: Service<Req, Res>, breaker: Breaker) {
    this.#next = next;
    this.#breaker = breaker;
  }

  /** Hands on the inner promise itself; the breaker looks at it before whoever gets it can. */
  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const breaker = this.#breaker;
    const admitted = breaker.admit();
    if (!admitted && !(context.get(lastResortKey)?.(request) && breaker.admitsLastResort())) {
      return Promise.reject(breaker.refused(request));
    }
    const { calls } = breaker;
    // A last resort is no probe: while it probes, such a call counts for nothing.
    const epoch = admitted || breaker.state === 'open' ? breaker.epoch : NO_EPOCH;
    const startMs = calls.started(request);
    const work = callSafely(this.#next, request, context);
    observe(
      work,
      (value) => calls.answered(value, epoch, startMs, request, context),
      (error) => calls.failed(error, epoch, startMs, request, context),
    );
    return work;
  }

  status(request?: Req): Status {
    const status = this.#next.status(request);
    return status === 'ready' && !this.#breaker.admitting ? 'busy' : status;
  }

  /** Ends what the breaker shows in the metrics; for whoever no longer calls. */
  [Symbol.dispose](): void {
    this.#breaker.end();
  }
}
