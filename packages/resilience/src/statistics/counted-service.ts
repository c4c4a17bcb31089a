/**
 * Counts how calls end, from the outside of all layers of a policy: what its callers see.
 *
 * State: the recorder, one a policy. Place: outermost, so that every call which begins also ends here, whichever layer
 * ended it. It waits for nothing and hands on the inner promise itself.
 */
import { type CallContext, type Env, judgeError, judgeResult, type Service, type Status } from '@fwk/kernel';
import { callSafely } from '../layer/call-safely.js';
import { isRefusal } from '../layer/refusal.js';
import { markSelfLimiting } from '../layer/self-limiting.js';
import { observe } from '../layer/settlement.js';
import type { OutcomeName } from './policy-counts.js';
import { NOT_TIMED, type StatisticsRecorder } from './recorder.js';

/** A service whose calls are counted. */
export class CountedService<Req, Res> implements Service<Req, Res> {
  readonly #next: Service<Req, Res>;
  readonly #env: Env;
  readonly #recorder: StatisticsRecorder;

  constructor(next: Service<Req, Res>, env: Env, recorder: StatisticsRecorder) {
    this.#next = next;
    this.#env = env;
    this.#recorder = recorder;
    markSelfLimiting(this, { next });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    const startMs = this.#recorder.begin();
    const work = callSafely(this.#next, request, context);
    observe(work, startMs === NOT_TIMED ? this.#answered : (result) => this.#timed(result, startMs), (error) =>
      this.#recorder.ended(this.#outcomeOf(error, context), startMs),
    );
    return work;
  }

  status(): Status {
    return this.#next.status();
  }

  /** One function for all calls that are not timed: most of them under load. */
  readonly #answered = (result: Res): void => {
    const { outcome } = judgeResult(this.#env, result);
    if (outcome === 'success') this.#recorder.succeeded();
    else this.#recorder.ended(outcome === 'failure' ? 'failures' : 'ignored', NOT_TIMED);
  };

  #timed(result: Res, startMs: number): void {
    const { outcome } = judgeResult(this.#env, result);
    this.#recorder.ended(outcome === 'success' ? 'successes' : outcome === 'failure' ? 'failures' : 'ignored', startMs);
  }

  #outcomeOf(error: unknown, context: CallContext): OutcomeName {
    // First, because a caller may give up between the refusal and this moment.
    if (isRefusal(error)) return 'rejected';
    if (context.cancelled) return 'cancelled';
    return judgeError(this.#env, error, context).outcome === 'ignored' ? 'ignored' : 'failures';
  }
}
