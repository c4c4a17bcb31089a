/**
 * Counts how calls end, from the outside of all layers of a policy: what its callers see.
 *
 * State: the recorder, one a policy. Place: outermost, so that every call which begins also ends here, whichever layer
 * ended it. It waits for nothing and hands on the inner promise itself.
 */
import { type CallContext, defaultClassifier, type Env, type Service, type Status } from '@fwk/kernel';
import { callSafely } from '../layer/call-safely.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { markSelfLimiting } from '../layer/self-limiting.js';
import { observe } from '../layer/settlement.js';
import type { OutcomeName } from './policy-counts.js';
import { NOT_TIMED, type StatisticsRecorder } from './recorder.js';

const outcomeNames = Object.freeze({ success: 'successes', failure: 'failures', ignored: 'ignored' } as const);

/** A service whose calls are counted. */
export class CountedService<Req, Res> implements Service<Req, Res> {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #recorder: StatisticsRecorder;
  /** Whether the classifier takes every result for a success. */
  readonly #allSucceed: boolean;

  constructor(next: Service<Req, Res>, env: Env, recorder: StatisticsRecorder) {
    this.#next = next;
    this.#env = env;
    this.#recorder = recorder;
    this.#allSucceed = env.classifier.ofResult === defaultClassifier.ofResult;
    markSelfLimiting(this, { next });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    const startMs = this.#recorder.begin();
    const work = callSafely(this.#next, request, context);
    observe(
      work,
      this.#allSucceed && startMs === NOT_TIMED
        ? this.#succeeded
        : (result) => this.#answered(result, startMs, request, context),
      (error) => this.#recorder.ended(this.#outcomeOf(error, request, context), startMs),
    );
    return work;
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  /** One function for all calls that need neither timing nor judging: most of them under load. */
  readonly #succeeded = (): void => this.#recorder.succeeded();

  #answered(result: Res, startMs: number, request: Req, context: CallContext): void {
    const { outcome } = judgeCallResult(this.#env, result, context, request);
    if (outcome === 'success' && startMs === NOT_TIMED) this.#recorder.succeeded();
    else this.#recorder.ended(outcomeNames[outcome], startMs);
  }

  #outcomeOf(error: unknown, request: Req, context: CallContext): OutcomeName {
    const { outcome, refusedBy } = judgeCallError(this.#env, error, context, request);
    // First, because a caller may give up between the refusal and this moment.
    if (refusedBy === 'caller') return 'rejected';
    return context.cancelled ? 'cancelled' : outcomeNames[outcome];
  }
}
