/**
 * Counts how calls end, from the outside of all layers of a policy: what its callers see.
 *
 * State: the recorder, one a policy. Place: outermost, so that every call which begins also ends here, whichever layer
 * ended it. It waits for nothing and hands on the inner promise itself.
 */
import { type CallContext, callSafely, defaultClassifier, type Env, type Service, type Status } from '@fwk/kernel';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { markSelfLimiting } from '../layer/self-limiting.js';
import { observe } from '../layer/settlement.js';
import type { OutcomeName } from './policy-counts.js';
import { NOT_TIMED, type StatisticsRecorder } from './recorder.js';

const outcomeNames = Object.freeze({ success: 'successes', failure: 'failures', ignored: 'ignored' } as const);

/** A service whose calls are counted. Disposing of it disposes of the service inside. */
export class CountedService<Req, Res> implements Service<Req, Res>, AsyncDisposable {
  readonly #next: Service<Req, Res> & AsyncDisposable;
  readonly #env: Env;
  readonly #recorderOf: (request: Req) => StatisticsRecorder;
  readonly #ended: () => void;
  /** Whether the classifier takes every result for a success. */
  readonly #allSucceed: boolean;

  /**
   * @param recorderOf - where calls like this one are counted.
   * @param ended - called when nothing is counted any more.
   */
  constructor(
    next: Service<Req, Res> & AsyncDisposable,
    env: Env,
    recorderOf: (request: Req) => StatisticsRecorder,
    ended: () => void = () => {},
  ) {
    this.#next = next;
    this.#env = env;
    this.#recorderOf = recorderOf;
    this.#ended = ended;
    this.#allSucceed = env.classifier.ofResult === defaultClassifier.ofResult;
    markSelfLimiting(this, { next });
  }

  call(request: Req, context: CallContext): Promise<Res> {
    const recorder = this.#recorderOf(request);
    const startMs = recorder.begin();
    const work = callSafely(this.#next, request, context);
    observe(
      work,
      this.#allSucceed && startMs === NOT_TIMED
        ? recorder.succeeded
        : (result) => this.#answered(recorder, result, startMs, request, context),
      (error) => recorder.ended(this.#outcomeOf(error, request, context), startMs),
    );
    return work;
  }

  status(request?: Req): Status {
    return this.#next.status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended();
    await this.#next[Symbol.asyncDispose]();
  }

  #answered(recorder: StatisticsRecorder, result: Res, startMs: number, request: Req, context: CallContext): void {
    const { outcome } = judgeCallResult(this.#env, result, context, request);
    if (outcome === 'success' && startMs === NOT_TIMED) recorder.succeeded();
    else recorder.ended(outcomeNames[outcome], startMs);
  }

  #outcomeOf(error: unknown, request: Req, context: CallContext): OutcomeName {
    const { outcome, refusedBy } = judgeCallError(this.#env, error, context, request);
    // First, because a caller may give up between the refusal and this moment.
    if (refusedBy === 'caller') return 'rejected';
    return context.cancelled ? 'cancelled' : outcomeNames[outcome];
  }
}
