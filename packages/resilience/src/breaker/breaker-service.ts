import {
  type CallContext,
  callSafely,
  type Follower,
  follow,
  lastResortKey,
  lasts,
  type Service,
  type Status,
  spanEvent,
} from '@fwk/kernel';
import type { Breaker } from './breaker.js';
import type { CallReports } from './call-reports.js';

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

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    const breaker = this.#breaker;
    const admitted = breaker.admit();
    if (!admitted && !(context.get(lastResortKey)?.(request) && breaker.admitsLastResort())) {
      spanEvent(context, 'breaker.refused', { breaker: breaker.name, state: breaker.state });
      return Promise.reject(breaker.refused(request));
    }
    // A last resort is no probe: while it probes, such a call counts for nothing.
    const epoch = admitted || breaker.state === 'open' ? breaker.epoch : NO_EPOCH;
    const admittedCall = new AdmittedCall<Res>(breaker.calls, epoch, request, context);
    return follow(callSafely(this.#next, request, context), admittedCall);
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

/** Reports how a call that the breaker let in ends. */
class AdmittedCall<Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly #reports: CallReports;
  readonly #epoch: number;
  readonly #startMs: number;
  readonly #request: unknown;
  readonly #context: CallContext;

  constructor(reports: CallReports, epoch: number, request: unknown, context: CallContext) {
    this.#reports = reports;
    this.#epoch = epoch;
    this.#startMs = reports.started(request);
    this.#request = request;
    this.#context = context;
  }

  answered(value: Res): undefined {
    this.#reports.answered(value, this.#epoch, this.#startMs, this.#request, this.#context);
    // An answer that goes on counts as one when it begins, so that no probe waits for its end; if it fails later, as another.
    lasts(value, (end) => {
      if (end) this.failed(end.error);
    });
  }

  failed(error: unknown): undefined {
    this.#reports.failed(error, this.#epoch, this.#startMs, this.#request, this.#context);
  }
}
